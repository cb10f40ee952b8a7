import { existsSync } from 'node:fs'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { MicroError } from '@microts/core/base'
import { expandPatterns } from '@microts/runner'
import type { Command } from '../command.js'
import { cliErrors } from '../errors.js'
import type { Terminal } from '../terminal.js'

// What a run writes into a project, and must not be committed.
const ignored = ['node_modules/', '.micro/']

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
    const name = String(options['name'] ?? nameOf(folder))
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) throw cliErrors.nameInvalid(name)
    const services = servicesBelow(folder)
    await writeFile(file, projectText(name, services), { flag: 'wx' })
    const added = await ignore(join(folder, '.gitignore'))
    report(name, file, services, added, terminal)
  },
}

interface FoundService {
  readonly name: string
  readonly path: string
}

function servicesBelow(folder: string): FoundService[] {
  try {
    return expandPatterns(['./...'], folder).map((service) => ({ name: basename(service), path: `./${relative(folder, service)}` }))
  } catch (error) {
    if (MicroError.is(error) && error.reason === 'NO_SERVICES') return []
    throw error
  }
}

function projectText(name: string, services: readonly FoundService[]): string {
  const lines = services.map((service) => `  ${service.name}: { type: node, path: ${service.path} }`)
  return [
    `name: ${name}`,
    '',
    'services:',
    ...(lines.length > 0 ? lines : ['  # orders: { type: node, path: ./services/orders }', '  smtp: { type: mailhog }']),
    '',
  ].join('\n')
}

async function ignore(file: string): Promise<string[]> {
  const text = existsSync(file) ? await readFile(file, 'utf8') : ''
  const there = new Set(text.split('\n').map((line) => line.trim().replace(/^\//, '').replace(/\/$/, '')))
  const missing = ignored.filter((line) => !there.has(line.replace(/\/$/, '')))
  if (missing.length > 0) await appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`)
  return missing
}

function report(name: string, file: string, services: readonly FoundService[], added: readonly string[], terminal: Terminal): void {
  if (terminal.wantsJson) return terminal.json({ type: 'project', name, file, services, ignored: added })
  const found = services.length === 0 ? 'no service of ours yet' : `with ${services.map((service) => service.name).join(', ')}`
  terminal.out(
    [
      `Made ${basename(file)}, ${found}.`,
      '',
      'Next:',
      '  npm install --save-dev @microts/cli',
      ...(services.length === 0 ? ['  npx micro new orders'] : []),
      '  npx micro up',
    ].join('\n'),
  )
}

const nameOf = (folder: string) =>
  basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '') || 'project'
