/**
 * The programs that tests need and that npm cannot install: by Debian package, and how one sees that it is there.
 * A test that needs one skips itself with the reason `needs: <program>` where it is absent.
 */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @type {Readonly<Record<string, { readonly package: string, readonly why: string, readonly unit?: string }>>} program -> where it comes from;
 * `unit`: the system service that the package brings along
 */
export const programs = {
  etcd: { package: 'etcd-server', why: 'a real registry to talk to', unit: 'etcd' },
  ip: { package: 'iproute2', why: 'two hosts on one machine (network namespaces)' },
  'nats-server': { package: 'nats-server', why: 'a real broker to talk to', unit: 'nats-server' },
  openssl: { package: 'openssl', why: 'a certificate for a server with TLS' },
  'rabbitmq-server': { package: 'rabbitmq-server', why: 'a real broker that keeps what it has taken', unit: 'rabbitmq-server' },
  strace: { package: 'strace', why: 'what a store writes, and in which order it syncs' },
}

// Debian keeps some of them where an ordinary user's PATH does not look.
const searched = () => [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/local/sbin']

/** Whether `program` can be started here. */
export function isInstalled(program) {
  return searched().some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false // not in this folder: the next one is asked
    }
  })
}

/** The programs of the table that are absent. */
export const missingPrograms = () => Object.keys(programs).filter((program) => !isInstalled(program))

/**
 * Installs the absent ones with apt-get, as root or through `sudo -n`. What cannot be installed stays absent, and its tests
 * say so; the return value is one sentence for that, or nothing.
 */
export function installPrograms() {
  const missing = missingPrograms().map((program) => programs[program])
  const packages = missing.map((one) => one.package)
  if (packages.length === 0) return undefined
  if (!isInstalled('apt-get')) return `${packages.join(', ')}: not installed, there is no apt-get here`
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const run = (...words) => {
    const [command, ...rest] = [...prefix, ...words]
    execFileSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 })
  }
  const apt = (...args) => run('env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args)
  try {
    apt('update')
    withoutServices(run, () => apt('install', '--yes', '--no-install-recommends', ...packages))
    const units = missing.flatMap(({ unit }) => unit ?? [])
    if (units.length > 0 && isInstalled('systemctl')) run('systemctl', '--quiet', 'disable', ...units)
    return undefined
  } catch (error) {
    return `${packages.join(', ')}: not installed, ${error.message.split('\n')[0]}`
  }
}

/** What Debian's packages ask before they start the service that they bring along, which would hold a port and memory: tests start their own. */
const policy = '/usr/sbin/policy-rc.d'

function withoutServices(run, work) {
  if (existsSync(policy)) return work()
  try {
    run('sh', '-c', `printf '#!/bin/sh\\nexit 101\\n' >${policy} && chmod 755 ${policy}`)
    return work()
  } finally {
    run('rm', '-f', policy)
  }
}
