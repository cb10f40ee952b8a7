/** `node --expose-gc --import tsx bench/soak/index.ts [--minutes 10] [--seed 1]`: soaks the embedded NATS, and exits with 1 when something was wrong. */
import { parseArgs } from 'node:util'
import { soak } from './soak.js'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
})
const seed = Number(values.seed)
console.log(`seed ${seed}, ${values.minutes} minutes`)
const { phases, faults } = await soak({
  seed,
  forMs: Number(values.minutes) * 60_000,
  onPhase: ({ number, kind, published, delivered, serverMiB, heapMiB }) => {
    if (number % 10 === 0)
      console.log(
        `${number} ${kind}: ${published} published, ${delivered} delivered; server ${serverMiB.toFixed(0)} MiB, heap ${heapMiB.toFixed(1)} MiB`,
      )
  },
})
const total = (key: 'published' | 'delivered') => phases.reduce((sum, phase) => sum + phase[key], 0)
console.log(`${phases.length} phases, ${total('published')} published, ${total('delivered')} delivered`)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length > 0 ? 1 : 0
