/**
 * `node --conditions=@microts/source --import tsx scripts/native-fuzz.mjs [--seed <n>] [--seconds <n>]`: mutated frames for the native framing, for as long as one likes.
 *
 * The bounded form runs with the tests (packages/core/src/rpc/native/fuzz.test.ts). A case that fails names its seed. Exit code 1: something was left behind, or memory has grown.
 */
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seed: { type: 'string' }, seconds: { type: 'string', default: '60' } } })
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000_000)
const untilMs = performance.now() + Number(values.seconds) * 1000
const { fuzz } = await import(new URL('../packages/core/src/rpc/native/fuzz.fixture.ts', import.meta.url).href)

// More than noise, less than a kilobyte kept for each of some ten thousand cases.
const allowedGrowthMiB = 24

const heapMiB = async () => {
  for (let n = 0; n < 5; n++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

console.log(`seed ${firstSeed}`)
let seed = firstSeed
const total = { open: 0, closed: 0 }
// What is compiled and cached once belongs to the first cases.
await fuzz(seed, 500)
const beforeMiB = await heapMiB()
while (performance.now() < untilMs) {
  const { open, closed } = await fuzz(seed, 250)
  seed += 250
  total.open += open
  total.closed += closed
}
const grownMiB = (await heapMiB()) - beforeMiB
console.log(
  `${total.open + total.closed} cases: ${total.open} stood, ${total.closed} ended by the server; memory grew by ${grownMiB.toFixed(1)} MiB`,
)
process.exitCode = grownMiB > allowedGrowthMiB ? 1 : 0
