import { readLogs } from '@microts/runner'
import type { Command } from '../command.js'
import { cliErrors } from '../errors.js'
import { renderLogLine } from '../render/log-line.js'
import { projectAt, projectOption, targetRun } from '../target.js'

export const command: Command = {
  name: 'logs',
  summary: 'Shows what the services of a project have written, also when it no longer runs.',
  examples: ['micro logs', 'micro logs -f orders', 'micro logs --lines 1000 --json'],
  arguments: [{ name: '[services...]', description: 'some of them; all when left out' }],
  options: [
    { flags: '-f, --follow', description: 'go on showing what they write, until Ctrl-C' },
    { flags: '-n, --lines <count>', description: 'how many lines of each to begin with (100)' },
    projectOption,
  ],
  async run({ arguments: [services], options }, terminal) {
    const lines = Number(options['lines'] ?? 100)
    if (!Number.isInteger(lines) || lines < 0)
      throw cliErrors.usage(`--lines is "${String(options['lines'])}", wanted a whole number`, 'logs')
    const run = await targetRun(terminal, options['project'])
    const folder = run?.folder ?? projectAt(String(options['project'] ?? terminal.folder))?.folder
    if (folder === undefined) throw cliErrors.notRunning('nothing runs, and this folder is in no project')
    const wanted = (services ?? []) as readonly string[]
    const known = run?.services.map(({ service }) => service)
    const unknown = wanted.find((service) => known?.includes(service) === false)
    if (unknown !== undefined) throw cliErrors.unknownService(unknown, known ?? [])

    const follow = options['follow'] === true
    const { signal } = terminal.interrupts
    for await (const { time, service, stream, line } of readLogs({
      folder,
      lines,
      follow,
      signal,
      ...(wanted.length > 0 && { services: wanted }),
    })) {
      if (terminal.wantsJson) terminal.json({ time, service, stream, line })
      else terminal.out(`${terminal.style('cyan', service)} ${terminal.style('dim', '|')} ${renderLogLine(line, terminal)}`)
    }
    terminal.interrupts.release()
    // Ctrl-C is how following ends, not how it fails.
    return follow ? 0 : terminal.interrupts.exitCode()
  },
}
