import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { memoryRegistry, type Registry } from '../registry/index.js'
import { testClock } from '../testing/index.js'
import { jsonLogger } from './log.js'
import { startService } from './start.js'

const env = { MICRO_PROJECT: 'test', MICRO_TRANSPORT: 'memory', MICRO_BROKER: 'memory' }

async function started(wrap: (registry: Registry, events: string[]) => Partial<Registry> = () => ({}), more: Record<string, string> = {}) {
  const clock = testClock()
  const events: string[] = []
  const memory = memoryRegistry({ clock })
  const registry: Registry = Object.assign(Object.create(memory) as Registry, wrap(memory, events))
  const lines: string[] = []
  const log = jsonLogger({ write: (line) => void lines.push(line), now: () => clock.now() })
  const running = await startService(
    { name: 'orders', log, metadata: { team: 'shop' } },
    { env: { ...env, ...more }, use: { registry }, clock },
  )
  const nodes = async () => (await memory.lookup('orders')).flatMap((record) => record.nodes)
  const warnings = () => lines.map((line) => JSON.parse(line) as { level: number; msg: string }).filter(({ level }) => level === 40)
  return { clock, events, running, nodes, warnings, memory }
}

test('register() tells what Go’s clients need to know, and the project', async () => {
  const { running, nodes } = await started(undefined, { MICRO_SERVER_METADATA: 'zone=a,protocol=grpc' })

  const [node] = await nodes()
  assert.deepEqual(node, {
    id: running.node,
    address: running.address,
    metadata: { zone: 'a', protocol: 'mucp', server: 'mucp', transport: 'memory', broker: 'memory', registry: 'memory', project: 'test' },
  })
  await running.stop()
})

test('register() renews the lease as long as the service runs', async () => {
  const { clock, running, nodes, memory } = await started()

  await clock.advance(10 * 60_000)

  assert.equal((await nodes()).length, 1)
  await running.stop()
  assert.deepEqual(await nodes(), [])
  await memory.close()
  assert.equal(clock.pending, 0)
})

test('register() renews as often as MICRO_REGISTER_INTERVAL says, for MICRO_REGISTER_TTL', async () => {
  const counting = (registry: Registry, events: string[]): Partial<Registry> => ({
    register: async (service, options) => {
      events.push(`${options?.ttlMs}`)
      await registry.register(service, options)
    },
  })
  const { clock, running, events } = await started(counting, { MICRO_REGISTER_INTERVAL: '5', MICRO_REGISTER_TTL: '12' })

  await clock.advance(11_000)

  assert.deepEqual(events, ['12000', '12000', '12000'])
  await running.stop()
})

test('register() takes 0 for no lease, and for no renewal', async () => {
  const counting = (registry: Registry, events: string[]): Partial<Registry> => ({
    register: async (service, options) => {
      events.push(`${options?.ttlMs}`)
      await registry.register(service, options)
    },
  })
  const { clock, running, nodes, events } = await started(counting, { MICRO_REGISTER_INTERVAL: '0', MICRO_REGISTER_TTL: '0' })

  await clock.advance(3_600_000)

  assert.deepEqual(events, ['undefined'])
  assert.equal((await nodes()).length, 1)
  await running.stop()
})

test('register() logs a renewal that fails, and tries again at the next turn', async () => {
  let isDown = false
  const flaky = (registry: Registry): Partial<Registry> => ({
    register: async (service, options) => {
      if (isDown) throw new MicroError('unavailable', 'Cannot reach it', { reason: 'REGISTRY_UNAVAILABLE' })
      await registry.register(service, options)
    },
  })
  const { clock, running, nodes, warnings } = await started(flaky)

  isDown = true
  await clock.advance(95_000)
  const during = [(await nodes()).length, warnings().length]
  isDown = false
  await clock.advance(30_000)

  assert.deepEqual(during, [0, 3])
  assert.equal((await nodes()).length, 1)
  await running.stop()
})

test('register() that fails stops the start', async () => {
  const failing = (): Partial<Registry> => ({
    register: () => Promise.reject(new MicroError('unavailable', 'no', { reason: 'REGISTRY_UNAVAILABLE' })),
  })

  await assert.rejects(started(failing), { reason: 'REGISTRY_UNAVAILABLE' })
})

test('end() waits for a renewal that is under way, which would put the node back', async () => {
  let release: () => void = () => {}
  let isSlow = false
  const slow = (registry: Registry): Partial<Registry> => ({
    register: async (service, options) => {
      if (isSlow) await new Promise<void>((resolve) => (release = resolve))
      await registry.register(service, options)
    },
  })
  const { clock, running, nodes } = await started(slow)
  isSlow = true
  await clock.advance(30_000)

  const stopping = running.stop()
  release()
  await stopping

  assert.deepEqual(await nodes(), [])
})

test('end() logs a registry that refuses, or does not answer, and lets the service stop', async () => {
  const refusing = await started(() => ({ deregister: () => Promise.reject(new Error('gone')) }))
  const silent = await started(() => ({ deregister: () => new Promise(() => {}) }))

  await refusing.running.stop()
  const stopping = silent.running.stop()
  await silent.clock.advance(5000)
  await stopping

  assert.deepEqual([refusing.warnings().length, silent.warnings().length], [1, 1])
})
