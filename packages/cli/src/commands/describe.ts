import { openRegistry } from '@microts/core'
import type { ServiceRecord, ValueDescription } from '@microts/core/registry'
import type { RunRecord } from '@microts/runner'
import type { Command } from '../command.js'
import { cliErrors } from '../errors.js'
import { renderTable } from '../render/table.js'
import { clientOptionsOf } from '../run-environment.js'
import { projectOption, targetRun } from '../target.js'
import type { Terminal } from '../terminal.js'

type ServiceState = RunRecord['services'][number]

export const command: Command = {
  name: 'describe',
  summary: 'Shows what a service offers, where it runs, and what it stands on, with the reason for each choice.',
  examples: ['micro describe orders', 'micro describe orders --json'],
  arguments: [{ name: '<service>', description: 'its name in the registry, or in micro.yml' }],
  options: [projectOption],
  async run({ arguments: [name], options }, terminal) {
    const run = await targetRun(terminal, options['project'])
    const service = String(name)
    const state = run?.services.find((one) => one.service === service)
    const registry = await openRegistry(await clientOptionsOf(run, terminal))
    try {
      const records = await registry.lookup(service)
      if (state === undefined && records.length === 0) {
        throw cliErrors.unknownService(service, [
          ...new Set([...(run?.services.map((one) => one.service) ?? []), ...(await registry.list())]),
        ])
      }
      if (terminal.wantsJson) terminal.json({ service, state, versions: records })
      else
        terminal.out(
          [...stateLines(service, state, run, terminal), ...records.flatMap((record) => recordLines(record, terminal))].join('\n'),
        )
    } finally {
      await registry.close()
    }
  },
}

function stateLines(service: string, state: ServiceState | undefined, run: RunRecord | undefined, terminal: Terminal): string[] {
  if (state === undefined) return [terminal.style('bold', service)]
  const why = state.why === undefined ? '' : terminal.style('dim', ` (${state.why})`)
  // The version of a service of ours stands with what it offers.
  const type = state.kind === 'own' || state.version === undefined ? state.type : `${state.type} ${state.version}`
  const lines = [`${terminal.style('bold', service)}  ${state.state}, ${type}, driver ${state.driver}${why}`]
  for (const url of state.urls) lines.push(`  ${url}`)
  if (state.kind !== 'own') lines.push(...givenLines(state, run))
  if (state.uses.length > 0) {
    const rows = state.uses.map((use) => [
      `  ${use.kind}`,
      [use.name, use.plugin === undefined ? '' : terminal.style('dim', `(${[use.plugin, use.version].filter(Boolean).join(' ')})`)]
        .filter(Boolean)
        .join(' '),
      use.why ?? '',
      [use.address, use.note].filter(Boolean).join(', '),
    ])
    lines.push('', renderTable(['  interface', 'implementation', 'chosen by', 'where'], rows))
  }
  return lines
}

/** What a service of another type is to ours: its ports, the interface that it provides and who uses it, what those that need it are given. */
function givenLines({ ports, provides, exports }: ServiceState, run: RunRecord | undefined): string[] {
  const rows = Object.entries(ports).map(([name, port]) => ['  port', name, `127.0.0.1:${port}`])
  if (provides !== undefined) {
    const users = (run?.services ?? []).filter(({ uses }) =>
      uses.some(({ kind, address }) => kind === provides.kind && address === provides.address),
    )
    const usedBy = users.length === 0 ? 'used by nobody' : `used by ${users.map(({ service }) => service).join(', ')}`
    rows.push(['  provides', `${provides.kind} ${provides.name}`, `${provides.address}, ${usedBy}`])
  }
  rows.push(...Object.entries(exports).map(([name, value]) => ['  gives', name, value]))
  return rows.length === 0 ? [] : ['', renderTable(['  what', 'name', 'where'], rows)]
}

function recordLines(record: ServiceRecord, terminal: Terminal): string[] {
  const calls = record.endpoints.filter((endpoint) => endpoint.metadata['subscriber'] !== 'true')
  const topics = record.endpoints.filter((endpoint) => endpoint.metadata['subscriber'] === 'true')
  const lines = ['', `version ${record.version}`]
  for (const node of record.nodes) lines.push(`  ${node.address}  ${terminal.style('dim', node.id)}`)
  if (calls.length > 0)
    lines.push('', 'endpoints', ...calls.map(({ name, request, response }) => `  ${name}  ${shape(request)} -> ${shape(response)}`))
  if (topics.length > 0) lines.push('', 'listens to', ...topics.map(({ name, request }) => `  ${name}  ${shape(request)}`))
  return lines
}

/** `{ item: string, quantity: integer }` */
function shape(value: ValueDescription | undefined): string {
  if (value === undefined) return 'any'
  if (value.values.length === 0) return value.type
  const fields = value.values.map((field) => `${field.name}: ${field.values.length > 0 ? shape(field) : field.type}`).join(', ')
  return value.type.startsWith('[]') ? `[{ ${fields} }]` : `{ ${fields} }`
}
