import type { MicroError, Place } from '@microts/core/base'
import type { ErrorData } from '@microts/runner'
import type { Terminal } from '../terminal.js'

interface Told {
  readonly message: string
  readonly hint?: string | undefined
  readonly place?: Place | undefined
}

/**
 * An error for people: what and why, where, and what to type. A file that has several mistakes has them told one after the other.
 * A user's mistake never shows a stack.
 */
export function renderError(error: MicroError | ErrorData, terminal: Terminal): string {
  const mistakes = (error.details?.['mistakes'] as readonly Told[] | undefined) ?? []
  const told = mistakes.length > 1 ? mistakes : [error]
  return [...told.flatMap((one) => lines(one, terminal)), `  ${terminal.style('dim', `more docs/errors.md#${error.reason}`)}`].join('\n')
}

function lines({ message, place, hint }: Told, terminal: Terminal): string[] {
  return [
    `${terminal.style('red', '✗')} ${message}`,
    ...(place === undefined ? [] : [`  ${terminal.style('dim', 'at')}   ${placeText(place)}`]),
    ...(hint === undefined ? [] : [`  ${terminal.style('dim', 'fix')}  ${hint}`]),
  ]
}

/** `file:line:column`, as editors and terminals understand it. */
function placeText({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(':')
}
