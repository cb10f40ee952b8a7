import type { RunEvent } from '@microts/runner'
import type { Style, Terminal } from '../terminal.js'
import { renderError } from './error.js'
import { renderLogLine } from './log-line.js'
import { renderServices } from './services.js'
import { sourceEventWriter } from './source-event.js'

const nameStyles: readonly Style[] = ['cyan', 'green', 'yellow']

/** Draws the events of one run as lines. Data (the table, the logs) goes to standard output, the rest beside it. */
export function runEventWriter(terminal: Terminal): (event: RunEvent) => void {
  const styles = new Map<string, Style>()
  const plugins = sourceEventWriter(terminal)
  let nameWidth = 0
  const nameOf = (service: string) => {
    const style = styles.get(service) ?? nameStyles[styles.size % nameStyles.length] ?? 'cyan'
    styles.set(service, style)
    return terminal.style(style, service.padEnd(nameWidth))
  }
  const chat = (text: string) => terminal.err(terminal.style('dim', text))

  return (event) => {
    switch (event.type) {
      case 'plugin':
        return plugins.write(event.event)
      case 'resolved':
        plugins.finish()
        nameWidth = Math.max(...event.services.map(({ service }) => service.length))
        return chat(`${event.project}: starting ${event.services.map(({ service }) => service).join(', ')}`)
      case 'ready':
        return chat(`✓ ${event.service} is ready after ${Math.round(event.afterMs)} ms`)
      case 'running':
        return terminal.out(`\n${renderServices(event.services, terminal)}\n`)
      case 'log':
        return terminal.out(`${nameOf(event.service)} ${terminal.style('dim', '|')} ${renderLogLine(event.line, terminal)}`)
      case 'exited':
        if (event.expected) return
        return terminal.err(
          `${terminal.style('red', '✗')} ${event.service} has ended by itself: ${event.signal ?? `exit code ${event.exitCode}`}`,
        )
      case 'restarting':
        return terminal.err(
          terminal.style(
            'yellow',
            `${event.service} starts again in ${event.delayMs / 1000} s${event.crashLoop ? ` (it has died ${event.crashes} times in a row)` : ''}: ${event.why}`,
          ),
        )
      case 'failed':
        plugins.finish()
        return terminal.err(renderError(event.error, terminal))
      case 'waiting':
        return chat(`waiting for ${event.services.join(', ')} to stop (${Math.round(event.sinceMs / 1000)} s); Ctrl-C again kills`)
      case 'killed':
        return terminal.err(terminal.style('yellow', `${event.service} did not stop in time and was killed`))
      case 'stopped':
        return chat(`✓ ${event.service} has stopped`)
      case 'notice':
        return chat(`${event.message}${event.hint === undefined ? '' : `. ${event.hint}`}`)
      case 'built':
      case 'started':
      case 'stopping':
        return
      case 'ended':
        plugins.finish()
    }
  }
}
