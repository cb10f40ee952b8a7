/**
 * `npm run bench -- [<name>...] [--json] [--quick] [--profile]`: measures what this folder's files and folders name, side by side with others, in one run on
 * one machine.
 *
 * Rates and times of a machine that others use say little; ratios of rounds that lie side by side do. `--json` prints a line an aim, and nothing else.
 * Exit code 1: an aim was missed. Undecided is not a failure.
 */
import { existsSync, readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Aim, aimOf, aimTable } from './aims.js'
import type { Bench, ComparisonBench, MeasureOptions } from './bench.js'
import { compare } from './compare.js'

const flag = { type: 'boolean', default: false } as const
const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: flag, quick: flag, profile: flag } })

const folder = new URL('./', import.meta.url)
const parts = ['aims', 'bench', 'compare', 'run']
const known = readdirSync(folder)
  .filter((name) => existsSync(new URL(`${name}/index.ts`, folder)) || (name.endsWith('.ts') && !name.endsWith('.test.ts')))
  .map((name) => name.replace(/\.ts$/, ''))
  .filter((name) => !parts.includes(name))
const names = positionals.length > 0 ? positionals : known

const unknown = names.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`there is no bench called ${unknown.join(', ')} (there are: ${known.join(', ')})`)
  process.exit(2)
}

const options: MeasureOptions = {
  quick: values.quick,
  profile: values.profile,
  print: (text) => values.json || console.log(text),
  progress: (text) => console.error(text),
}
const aims: Aim[] = []
for (const name of names) {
  const file = existsSync(new URL(`${name}.ts`, folder)) ? `${name}.ts` : `${name}/index.ts`
  const { default: bench } = (await import(new URL(file, folder).href)) as { default: Bench }
  options.print(`${name}: ${bench.about}`)
  aims.push(...('run' in bench ? await bench.run(options) : await compareAll(bench)))
}
if (values.json) for (const aim of aims) console.log(JSON.stringify(aim))
else console.log(`\n${aimTable(aims)}`)
process.exitCode = aims.some(({ met }) => met === false) ? 1 : 0

async function compareAll(bench: ComparisonBench): Promise<readonly Aim[]> {
  const { comparisons, close } = await bench.prepare()
  const found: Aim[] = []
  try {
    for (const comparison of comparisons) found.push(aimOf(await compare(comparison)))
  } finally {
    await close()
  }
  return found
}
