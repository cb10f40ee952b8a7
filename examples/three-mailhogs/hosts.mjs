/**
 * The hosts of this example: builds alice's and bob's repositories, serves them on this machine under the name github.com, and runs a command that sees them there.
 *
 *   node hosts.mjs [--keep <folder>] -- <command>     runs a command, and removes all that it made when that ends
 *   node hosts.mjs [--keep <folder>]                  serves until Ctrl-C, and prints what another shell needs
 *
 * micro's configuration, store and cache are in a temporary folder meanwhile, so that nothing of the user's own is read or changed; with `--keep` in that folder, which stays.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildRepositories } from './hosts/build-repositories.mjs'
import { makeMachine } from './hosts/machine.mjs'
import { serveRepositories } from './hosts/serve-repositories.mjs'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
const here = import.meta.dirname
const projects = ['', 'core', 'alice', 'bob'].map((name) => join(here, name))
const usage = 'usage: node hosts.mjs [--keep <folder>] [-- <command>]'

process.exitCode = await main(process.argv.slice(2))

async function main(words) {
  const at = words.indexOf('--')
  const command = at === -1 ? [] : words.slice(at + 1)
  const keep = readKeep(at === -1 ? words : words.slice(0, at))
  if (keep instanceof Error) {
    console.error(`${keep.message}\n${usage}`)
    return 2
  }
  // From here on a signal must not end this before it has cleaned up.
  const asked = firstSignal()
  const machine = makeMachine(keep)
  try {
    buildRepositories(join(here, 'repositories'), machine.repositories)
    const server = await serveRepositories(machine.repositories)
    try {
      machine.configure(server.url)
      return command.length > 0 ? await run(command, machine.env) : await wait(server.url, machine.env, asked)
    } finally {
      await server.close()
    }
  } finally {
    machine.remove(projects)
  }
}

function readKeep(args) {
  try {
    return parseArgs({ args, options: { keep: { type: 'string' } } }).values.keep
  } catch (error) {
    return error
  }
}

function firstSignal() {
  return new Promise((resolve) => signals.forEach((signal) => process.on(signal, () => resolve(signal))))
}

async function run([command, ...args], env) {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  for (const signal of signals) {
    // Ctrl-C reaches the command too; to send it once more would be a second Ctrl-C.
    if (signal !== 'SIGINT' || process.stdin.isTTY !== true) process.on(signal, () => child.kill(signal))
  }
  try {
    const [code, signal] = await once(child, 'close')
    return code ?? 128 + constants.signals[signal]
  } catch (error) {
    console.error(`Cannot run ${command}: ${error.message}`)
    return 127
  }
}

async function wait(url, env, asked) {
  console.error(
    `Serving github.com/alice/mailhog, github.com/bob/mailhog and github.com/lando/plugins at ${url} until Ctrl-C. In another shell:`,
  )
  console.log(
    Object.entries(env)
      .map(([name, value]) => `export ${name}='${value}'`)
      .join('\n'),
  )
  return 128 + constants.signals[await asked]
}
