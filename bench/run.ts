/**
 * `npm run bench -- [<name>...] [--json]`: compares what this folder's files name, side by side, in one run on one machine.
 *
 * Rates and times of a machine that others use say little; ratios of rounds that lie side by side do. Exit code 1: an aim was missed. Undecided is not a failure.
 */
import { existsSync, readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Bench } from './bench.js'
import { compare, type Outcome } from './compare.js'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } })

const folder = new URL('./', import.meta.url)
const parts = ['bench.ts', 'compare.ts', 'run.ts']
const known = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !parts.includes(name))
  .map((name) => name.replace(/\.ts$/, ''))
const names = positionals.length > 0 ? positionals : known

const unknown = names.filter((name) => !existsSync(new URL(`${name}.ts`, folder)))
if (unknown.length > 0) {
  console.error(`there is no bench called ${unknown.join(', ')} (there are: ${known.join(', ')})`)
  process.exit(2)
}

const outcomes: Outcome[] = []
for (const name of names) {
  const { default: bench } = (await import(new URL(`${name}.ts`, folder).href)) as { default: Bench }
  if (!values.json) console.log(`${name}: ${bench.about}`)
  const { comparisons, close } = await bench.prepare()
  try {
    for (const comparison of comparisons) outcomes.push(await compare(comparison))
  } finally {
    await close()
  }
}
if (values.json) console.log(JSON.stringify(outcomes, null, 2))
else console.log(table(outcomes))
process.exitCode = outcomes.some(({ verdict }) => verdict === 'missed') ? 1 : 0

function table(rows: readonly Outcome[]): string {
  const cells = [
    ['', 'ours ms', 'other ms', 'ratio', '95 %', 'aim', '', 'rounds'],
    ...rows.map(({ name, subjectMs, baselineMs, ratio, interval: [low, high], atMost, verdict, rounds }) => [
      name,
      subjectMs.toFixed(1),
      baselineMs.toFixed(1),
      ratio.toFixed(2),
      `${low.toFixed(2)} to ${high.toFixed(2)}`,
      `<= ${atMost}`,
      verdict,
      String(rounds),
    ]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? []
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
