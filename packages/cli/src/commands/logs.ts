import type { Command } from '../command.js'
import { cliErrors } from '../errors.js'
import { renderLogLine } from '../render/log-line.js'
import { followFile, lastLines } from '../tail.js'
import { projectAt, projectOption, targetRun } from '../target.js'
import { join } from 'node:path'
import { readdir } from 'node:fs/promises'
import type { Terminal } from '../terminal.js'

export const command: Command = {
  name: 'logs',
  summary: 'Shows what the services of a project have written, also when it no longer runs.',
  examples: ['micro logs', 'micro logs -f orders', 'micro logs --lines 1000 --json'],
  arguments: [{ name: '[service]', description: 'one of them; all when left out' }],
  options: [
    { flags: '-f, --follow', description: 'go on showing what they write, until Ctrl-C' },
    { flags: '-n, --lines <count>', description: 'how many lines of each to begin with (100)' },
    projectOption,
  ],
  async run({ arguments: [service], options }, terminal) {
    const count = Number(options['lines'] ?? 100)
    if (!Number.isInteger(count) || count < 0)
      throw cliErrors.usage(`--lines is "${String(options['lines'])}", wanted a whole number`, 'logs')
    const run = await targetRun(terminal, options['project'])
    const folder = run?.folder ?? projectAt(String(options['project'] ?? terminal.folder))?.folder
    if (folder === undefined) throw cliErrors.notRunning('nothing runs, and this folder is in no project')
    const files = await logFiles(join(folder, '.micro', 'logs'), service as string | undefined)

    const lines = await Promise.all(files.map(async ({ name, file }) => (await lastLines(file, count)).map((line) => ({ name, line }))))
    const inTime = lines.flat().sort((a, b) => timeOf(a.line) - timeOf(b.line))
    const width = Math.max(0, ...files.map(({ name }) => name.length))
    for (const { name, line } of inTime) show(name, line, width, terminal)
    if (options['follow'] !== true) return
    await Promise.all(
      files.map(({ name, file }) => followFile(file, terminal.interrupts.signal, (line) => show(name, line, width, terminal))),
    )
    return terminal.interrupts.exitCode()
  },
}

async function logFiles(folder: string, service: string | undefined): Promise<{ readonly name: string; readonly file: string }[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.log')).map((name) => name.slice(0, -'.log'.length))
  if (service !== undefined && !names.includes(service)) throw cliErrors.unknownService(service, names)
  return names
    .filter((name) => service === undefined || name === service)
    .sort()
    .map((name) => ({ name, file: join(folder, `${name}.log`) }))
}

// Lines of ours carry their time; one without keeps its place behind the line before it only within its own file, so it sorts first.
function timeOf(line: string): number {
  return Number(/"time":(\d+)/.exec(line)?.[1] ?? 0)
}

function show(service: string, line: string, width: number, terminal: Terminal): void {
  if (terminal.wantsJson) return terminal.json({ service, line })
  terminal.out(`${terminal.style('cyan', service.padEnd(width))} ${terminal.style('dim', '|')} ${renderLogLine(line, terminal)}`)
}
