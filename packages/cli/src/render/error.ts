import type { MicroError } from '@microts/core/base'
import type { ErrorData } from '@microts/runner'
import type { Terminal } from '../terminal.js'

/** An error for people: what and why, where, and what to type. A user's mistake never shows a stack. */
export function renderError(error: MicroError | ErrorData, terminal: Terminal): string {
  const lines = [`${terminal.style('red', '✗')} ${error.message}`]
  if (error.place !== undefined) lines.push(`  ${terminal.style('dim', 'at')}   ${placeText(error.place)}`)
  if (error.hint !== undefined) lines.push(`  ${terminal.style('dim', 'fix')}  ${error.hint}`)
  lines.push(`  ${terminal.style('dim', `more docs/errors.md#${error.reason}`)}`)
  return lines.join('\n')
}

/** `file:line:column`, as editors and terminals understand it. */
export function placeText(place: { readonly file: string; readonly line?: number; readonly column?: number }): string {
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(':')
}
