import { freeCache, measureCache, type Kept } from '@microts/source'
import type { Command } from '../../command.js'
import { cliErrors } from '../../errors.js'
import { exitCodes } from '../../exit-code.js'
import { renderBytes } from '../../render/bytes.js'
import { renderTable } from '../../render/table.js'
import type { Terminal } from '../../terminal.js'

const actions = ['size', 'gc', 'prune']

export const command: Command = {
  name: 'plugin cache',
  summary:
    'Shows how much of plugins is kept on this machine for all projects; `gc` (or `prune`) frees what the lock of no project names. What is younger than an hour stays.',
  examples: ['micro plugin cache', 'micro plugin cache gc'],
  arguments: [{ name: '[action]', description: 'size, gc or prune' }],
  async run({ arguments: [word] }, terminal) {
    const action = (word as string | undefined) ?? 'size'
    if (!actions.includes(action)) throw cliErrors.unknownCommand(action, actions, 'plugin cache')
    const where = { project: terminal.folder, env: terminal.env }
    const isFreed = action !== 'size'
    const kept = await (isFreed ? freeCache : measureCache)(where)
    if (terminal.wantsJson) terminal.json({ type: isFreed ? 'freed' : 'kept', ...kept })
    else show(kept, isFreed, terminal)
    for (const file of kept.unreadable)
      if (!terminal.wantsJson) terminal.err(terminal.style('yellow', `${file} cannot be read: nothing is freed before it can.`))
    return kept.unreadable.length > 0 && isFreed ? exitCodes.failure : exitCodes.ok
  },
}

function show({ store, repositories, rest, projects }: Kept, isFreed: boolean, terminal: Terminal): void {
  const row = (name: string, { entries, bytes, unused, unusedBytes }: Kept['store']) => [
    name,
    String(entries),
    renderBytes(bytes),
    `${unused}, ${renderBytes(unusedBytes)}`,
  ]
  terminal.out(
    renderTable(
      ['what', 'entries', 'size', isFreed ? 'freed' : 'in no lock'],
      [row('contents', store), row('repositories', repositories), ['the rest', '', renderBytes(rest.bytes), '']],
    ),
  )
  terminal.err(`${projects.length === 1 ? '1 project has' : `${projects.length} projects have`} a lock that counts.`)
}
