/** The figures of one cell, for people. */
import { columns, shown } from '../aims.js'
import type { Hot } from './profile.js'
import { ratioOf } from '../compare.js'
import { type CellResult, type Figure, middle, sideBySide } from './measure.js'
import { cellName, entrants } from './roster.js'

/** A line an entrant; the `x` after a figure is how many times the limit's it is, side by side. */
export function cellTable(result: CellResult): string {
  const rows = entrants.flatMap(({ name }) => {
    if (middle(result, 'perSecond', name) === undefined) return []
    return [
      [
        name,
        ...figure(result, 'perSecond', name, 1),
        ...figure(result, 'p50Us', name, 1000),
        ...figure(result, 'p99Us', name, 1000),
        ...figure(result, 'cpuUsPerCall', name, 1),
        ...figure(result, 'serverMiB', name, 1),
        result.rounds.findLast((round) => round.has(name))?.get(name)?.over ?? '',
      ],
    ]
  })
  const heads = [cellName(result.cell), 'calls/s', 'x', 'p50 ms', 'x', 'p99 ms', 'x', 'CPU us/call', 'x', 'server MiB', 'x', 'connections']
  const failed = [...result.failed].map(([name, why]) => `${name}: left out here: ${why}`)
  return [columns([heads, ...rows], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), ...failed].join('\n')
}

function figure(result: CellResult, of: Figure, name: string, unit: number): readonly [string, string] {
  const ratios = sideBySide(result, of, name, 'limit').map(({ ours, against }) => ours / against)
  return [shown((middle(result, of, name) ?? 0) / unit), ratios.length === 0 ? '' : ratioOf(ratios).ratio.toFixed(2)]
}

/** What takes most of a process's time: the functions, and the files that they are in. */
export function profileTable(title: string, functions: readonly Hot[]): string {
  const files = new Map<string, number>()
  for (const { name, file, share } of functions) files.set(file === '' ? name : file, (files.get(file === '' ? name : file) ?? 0) + share)
  const byFile = [...files].sort(([, a], [, b]) => b - a)
  const byFunction = functions.map(({ name, file, share }) => [`${name} ${file}`, share] as const)
  return `${title}, by function\n${shares(byFunction, 20)}\n\n${title}, by file\n${shares(byFile, 15)}`
}

function shares(rows: readonly (readonly [string, number])[], most: number): string {
  return columns(
    rows.slice(0, most).map(([what, share]) => [`${(share * 100).toFixed(1)} %`, what]),
    [0],
  )
}
