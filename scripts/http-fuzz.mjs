/**
 * `node --conditions=@microts/source --import tsx scripts/http-fuzz.mjs [--seed <n>] [--seconds <n>]`: mutated HTTP requests, for as long as one likes.
 *
 * Each is read whole and in pieces, which must come to the same, and by node:http's parser, which must not see another request in it. The bounded form runs with
 * the tests (packages/core/src/transport/http-fuzz.test.ts). Exit code 1: two readers differ (the seed is named), or memory has grown.
 */
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seed: { type: 'string' }, seconds: { type: 'string', default: '60' } } })
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000_000)
const untilMs = performance.now() + Number(values.seconds) * 1000
const { isAlike, mutatedRequests, readByNode, readByOurs, seededNumbers } = await import(
  new URL('../packages/core/src/transport/http-fuzz.fixture.ts', import.meta.url).href
)

// More than noise, less than a kilobyte kept for each of some ten thousand cases.
const allowedGrowthMiB = 24

const usedMiB = async () => {
  for (let n = 0; n < 5; n++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

const fail = (seed, bytes, why) => {
  console.error(`seed ${seed}: ${why}\n${JSON.stringify(bytes.toString('latin1'))}`)
  process.exitCode = 1
}

console.log(`seed ${firstSeed}`)
let beforeMiB = Number.NaN
let seed = firstSeed
const total = { read: 0, refused: 0 }
for (; performance.now() < untilMs && process.exitCode === undefined; seed++) {
  const random = seededNumbers(seed)
  const bytes = mutatedRequests(random)
  const whole = readByOurs(bytes, (left) => left)
  const text = JSON.stringify(whole)
  if (JSON.stringify(readByOurs(bytes, () => 1)) !== text) fail(seed, bytes, 'byte by byte it is read differently')
  if (JSON.stringify(readByOurs(bytes, () => 1 + random(20))) !== text) fail(seed, bytes, 'in pieces it is read differently')
  const node = await readByNode(bytes)
  if (!isAlike(whole, node)) fail(seed, bytes, `ours: ${text}, node:http: ${JSON.stringify(node)}`)
  total[whole.status === undefined ? 'read' : 'refused']++
  // What is compiled and cached once belongs to the first cases.
  if (seed - firstSeed === 2000) beforeMiB = await usedMiB()
}
const grownMiB = (await usedMiB()) - beforeMiB
console.log(`${seed - firstSeed} cases: ${total.read} read, ${total.refused} refused; memory grew by ${grownMiB.toFixed(1)} MiB`)
if (grownMiB > allowedGrowthMiB) process.exitCode = 1
