import { stripVTControlCharacters } from 'node:util'

/** A table for people: columns as wide as what is in them, two spaces between, nothing after the last. A cell is one line. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(line).join('\n')
}

// Escape sequences for colours take no room.
const width = (text: string) => stripVTControlCharacters(text).length
