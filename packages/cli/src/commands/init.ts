import { existsSync, realpathSync } from 'node:fs'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { MicroError } from '@microts/core/base'
import { expandPatterns, writeProjectSchema } from '@microts/runner'
import { catalogOf } from '../catalog.js'
import type { Command } from '../command.js'
import { cliErrors } from '../errors.js'
import { findInstallation, type Installation } from '../installation.js'
import { installedTarballs } from '../scaffold/dependencies.js'
import { toScaffoldError } from '../scaffold/folder.js'
import { nameFrom, nameServices, projectText, type FoundService } from '../scaffold/found-services.js'
import type { Terminal } from '../terminal.js'

// What a run writes into a project, and must not be committed: plugins from git stand below the name of their host.
const ignored = ['node_modules/', '.micro/', 'plugins/*.*/']

export const command: Command = {
  name: 'init',
  summary:
    'Makes a project of the folder that is there: writes a micro.yml with the services that it finds, and touches nothing else but .gitignore.',
  examples: ['micro init', 'micro init --name shop'],
  options: [{ flags: '-n, --name <name>', description: "the project's name (the folder's)" }],
  async run({ options }, terminal) {
    const { folder } = terminal
    const file = join(folder, 'micro.yml')
    if (existsSync(file)) throw cliErrors.projectExists(file)
    const name = String(options['name'] ?? nameFrom(basename(folder), 'project'))
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) throw cliErrors.nameInvalid(name)
    const installation = findInstallation()
    const services = servicesBelow(folder)
    try {
      await writeFile(file, projectText(name, services), { flag: 'wx' })
      const added = await ignore(join(folder, '.gitignore'))
      writeProjectSchema(folder, await catalogOf(installation))
      report({ name, file, services, added }, installation, terminal)
    } catch (error) {
      throw toScaffoldError(error, folder)
    }
  },
}

function servicesBelow(folder: string): FoundService[] {
  try {
    const root = realpathSync(folder)
    return nameServices(expandPatterns(['./...'], folder).map((service) => relative(root, service)))
  } catch (error) {
    if (MicroError.is(error) && error.reason === 'NO_SERVICES') return []
    throw error
  }
}

async function ignore(file: string): Promise<string[]> {
  const text = existsSync(file) ? await readFile(file, 'utf8') : ''
  const there = new Set(text.split(/\r?\n/).map((line) => line.trim().replace(/^\//, '').replace(/\/$/, '')))
  const missing = ignored.filter((line) => !there.has(line.replace(/\/$/, '')))
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const gap = text === '' || text.endsWith('\n') ? '' : newline
  if (missing.length > 0) await appendFile(file, gap + missing.map((line) => line + newline).join(''))
  return missing
}

interface Made {
  readonly name: string
  readonly file: string
  readonly services: readonly FoundService[]
  readonly added: readonly string[]
}

function report({ name, file, services, added }: Made, installation: Installation, terminal: Terminal): void {
  if (terminal.wantsJson) return terminal.json({ type: 'project', name, file, services, ignored: added })
  const found = services.length === 0 ? 'no service of ours yet' : `with ${services.map((service) => service.name).join(', ')}`
  const { install, micro } = nextWords(dirname(file), installation)
  terminal.out(
    [
      `Made ${basename(file)}, ${found}.`,
      '',
      'Next:',
      ...install.map((line) => `  ${line}`),
      ...(services.length === 0 ? [`  ${micro} new orders`] : []),
      `  ${micro} up`,
    ].join('\n'),
  )
}

/** What to type from here on: the folder has the command, or it can be installed, or it is that of a checkout. */
function nextWords(
  folder: string,
  { checkout, folder: cli }: Installation,
): { readonly install: readonly string[]; readonly micro: string } {
  if (hasCommand(folder)) return { install: [], micro: 'npx micro' }
  if (checkout !== undefined) return { install: [], micro: `node ${word(join(cli, 'bin/micro.js'))}` }
  const tarballs = Object.values(installedTarballs(cli) ?? {}).map((file) => file.slice('file:'.length))
  const packages = tarballs.length === 0 ? ['@microts/cli', '@microts/core'] : tarballs
  return { install: [`npm install --save-dev ${packages.map(word).join(' ')}`], micro: 'npx micro' }
}

// As a shell takes it for one word.
const word = (text: string) => (/^[\w@./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

function hasCommand(folder: string): boolean {
  if (existsSync(join(folder, 'node_modules/@microts/cli'))) return true
  return dirname(folder) !== folder && hasCommand(dirname(folder))
}
