import { stripVTControlCharacters } from 'node:util'
import type { Style, Terminal } from '../terminal.js'

const levels: readonly (readonly [least: number, name: string, style: Style])[] = [
  [50, 'error', 'red'],
  [40, 'warn', 'yellow'],
  [30, 'info', 'green'],
]
const lowest = [0, 'debug', 'dim'] as const

// Who wrote it stands before the line already, and when it was is now.
const known = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg'])

/**
 * One line of a service's output, for people: pino's JSON as level, message and the rest as `key=value`; anything else as it is.
 * Escape sequences are taken out: what a service writes must not move the reader's cursor or fill the clipboard.
 */
export function renderLogLine(line: string, terminal: Terminal): string {
  const record = parseRecord(line)
  if (record === undefined) return stripVTControlCharacters(line)
  const [, name, style] = levels.find(([least]) => record.level >= least) ?? lowest
  const rest = Object.entries(record).filter(([key]) => !known.has(key))
  const fields = rest.map(([key, value]) => ` ${terminal.style('dim', `${key}=`)}${fieldText(key, value)}`).join('')
  return stripControls(`${terminal.style(style, name)} ${record.msg ?? ''}${fields}`)
}

interface LogRecord {
  readonly level: number
  readonly msg?: string
}

function parseRecord(line: string): LogRecord | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const record = JSON.parse(line) as Partial<LogRecord>
    return typeof record.level === 'number' ? (record as LogRecord) : undefined
  } catch {
    // Not every line that begins with a brace is JSON; this one is shown as it is.
    return undefined
  }
}

function fieldText(key: string, value: unknown): string {
  if (key === 'err' && typeof value === 'object' && value !== null) {
    const { message, reason, stack } = value as { readonly message?: string; readonly reason?: unknown; readonly stack?: string }
    // A failure with a reason has said all in its message; where it was made helps nobody who runs the service.
    if (message !== undefined && typeof reason === 'string') return message
    return stack ?? message ?? JSON.stringify(value)
  }
  return typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value)
}

// Our own colours stay; any other control character that came out of a JSON string goes.
function stripControls(text: string): string {
  const colour = /^\[[0-9;]*m/
  return text
    .split('')
    .filter((character, index) => !isControl(character) || (character === '\u001b' && colour.test(text.slice(index + 1))))
    .join('')
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  return code !== 0x09 && code !== 0x0a && (code < 0x20 || (code >= 0x7f && code <= 0x9f))
}
