/** `local.js <rounds> <ms>`: what needs no other process: a call of a handler in this one, and choosing a node. Writes nanoseconds as JSON. */
import { createClient, type Service, type StandardSchemaV1 } from '@microts/core'
import { memoryRegistry } from '@microts/core/registry'
import { leastPendingSelector } from '@microts/core/selector'
import { memoryTransport } from '@microts/core/transport'
import { median } from '../compare.js'
import { load } from './contract.js'
import { callOptions, echo, schemaOf } from './ours.js'

/** Nanoseconds of one call, a figure a round. */
export interface LocalRounds {
  /** An async function that checks what it gets and gives: the floor. */
  readonly bare: readonly number[]
  readonly validator: readonly number[]
  /** Null: zod is not installed. */
  readonly zod: readonly number[] | null
  readonly select: readonly number[]
}

interface Order {
  readonly sku: string
  readonly quantity: number
}
interface Zod {
  object(shape: object): StandardSchemaV1
  string(): unknown
  number(): unknown
}

const order: Order = { sku: 'tea', quantity: 2 }
const isOrder = (value: unknown) => typeof (value as Order).sku === 'string' && typeof (value as Order).quantity === 'number'

async function main(rounds: number, ms: number): Promise<LocalRounds> {
  const schema = schemaOf(isOrder)
  const zod = await load<{ z: Zod }>('zod').catch(() => undefined)
  const validator = await localCall(schema)
  const checked = zod === undefined ? undefined : await localCall(zod.z.object({ sku: zod.z.string(), quantity: zod.z.number() }))
  const bare = async (input: unknown) => {
    if (!isOrder(input)) throw new TypeError('no order')
    const output = input
    if (!isOrder(output)) throw new TypeError('no order')
    return output
  }
  const measured = {
    bare: () => awaited(bare, ms),
    validator: () => awaited(validator.call, ms),
    ...(checked === undefined ? {} : { zod: () => awaited(checked.call, ms) }),
    select: async () => selecting(ms),
  }
  // Once for the compiler's sake.
  for (const measure of Object.values(measured)) await measure()
  const found = {
    bare: [] as number[],
    validator: [] as number[],
    zod: checked === undefined ? null : ([] as number[]),
    select: [] as number[],
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(measured)) found[name as keyof typeof found]?.push(await measure())
  }
  await Promise.all([validator.close(), checked?.close()])
  return found
}

/** Client and handler in one process, as a program has them: what they share is handed to both. */
async function localCall(schema: StandardSchemaV1) {
  const use = { registry: memoryRegistry(), transport: memoryTransport() }
  const env = { LOG_LEVEL: 'silent', MICRO_PROJECT: 'bench' }
  const service = echo(schema)
  const running = await service.start({ env, use })
  const client = createClient<Service<NonNullable<(typeof service)['options']['endpoints']>>>('bench', { env, use })
  const close = async () => {
    await client.close()
    await running.stop()
  }
  return { call: (input: unknown) => client.Bench.Echo(input, callOptions), close }
}

async function awaited(call: (input: unknown) => Promise<unknown>, ms: number): Promise<number> {
  return timed(ms, async (times) => {
    for (let left = times; left > 0; left--) await call(order)
  })
}

function selecting(ms: number): Promise<number> {
  const selector = leastPendingSelector()
  const nodes = Array.from({ length: 10 }, (_, index) => ({ id: `bench-${index}` }))
  return timed(ms, async (times) => {
    for (let left = times; left > 0; left--) selector.select('bench', nodes).release()
  })
}

/**
 * Nanoseconds a time, over about `ms`, in slices of about a millisecond: a slice that took three times as long as most was interrupted by another program,
 * which a collection of garbage is too short for, and does not count.
 */
async function timed(ms: number, batch: (times: number) => Promise<void>): Promise<number> {
  const slices: number[] = []
  const until = performance.now() + ms
  let times = 16
  while (performance.now() < until || slices.length < 3) {
    const startedAt = performance.now()
    await batch(times)
    const tookMs = performance.now() - startedAt
    // Until a slice is long enough, it is a trial.
    if (tookMs < 0.5 && performance.now() < until) times *= 2
    else slices.push((tookMs * 1e6) / times)
  }
  const most = median(slices) * 3
  const counted = slices.filter((ns) => ns <= most)
  return counted.reduce((sum, ns) => sum + ns, 0) / counted.length
}

const [rounds = '1', ms = '10'] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await main(Number(rounds), Number(ms))))
