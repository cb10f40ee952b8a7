import { noopAuth } from '../auth/noop.js'
import { sleep } from '../base/index.js'
import { memoryBroker } from '../broker/memory.js'
import type { Broker } from '../broker/broker.js'
import { jsonCodec } from '../codec/json.js'
import { memoryConfig } from '../config/memory.js'
import type { JsonValue } from '../config/config.js'
import type { Kind, Kinds } from '../plugin/index.js'
import { memoryRegistry } from '../registry/memory.js'
import { roundRobinSelector } from '../selector/round-robin.js'
import { clientOf, type ClientFactory } from '../service/client.js'
import { closers } from '../service/closers.js'
import { documentStore, type DocumentStore } from '../service/documents.js'
import { rpcClient } from '../rpc/index.js'
import { startService, type RunningService } from '../service/start.js'
import type { Service } from '../service/service.js'
import { memoryStore } from '../store/memory.js'
import { memoryTransport } from '../transport/memory.js'
import { testClock, type TestClock } from './clock.js'

/** How a {@link TestApp} is put together. All may be left out. */
export interface TestAppOptions {
  /** Settings, for all services. @default none */
  readonly config?: JsonValue
  /** Implementations in the place of the memory ones, for all services; closed by whoever made them. */
  readonly use?: { readonly [K in Kind]?: Kinds[K] }
}

/** Services of a project, in this process: no port, no file, a clock that the test moves. */
export interface TestApp {
  /** Calls a service, through all of the RPC path. */
  readonly client: ClientFactory
  /** The store of one service, with values: what it keeps. */
  store(service: Service): DocumentStore
  /** What all services publish to. */
  readonly broker: Broker
  readonly clock: TestClock
  /** Resolves when `condition` gives true, asking at every turn of the event loop; rejects after 2 s of real time. For what a message sets off. */
  eventually(condition: () => boolean | Promise<boolean>): Promise<void>
  /** The service as it runs, to stop it alone. */
  running(service: Service): RunningService
  /** Stops the services, the last one first, and closes what they stood on. A call or message that is still in work gets a quarter of a second. Twice is once. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts `services` together, in memory: one registry, broker and transport for all, a store for each. Time stands still until `app.clock.advance` moves it.
 *
 * `await using app = await testApp(orders)` closes it at the end of the block.
 */
export async function testApp(services: Service | readonly Service[], options: TestAppOptions = {}): Promise<TestApp> {
  const { config = {}, use = {} } = options
  const clock = testClock()
  const opened = closers()
  const memory = {
    auth: noopAuth(),
    broker: memoryBroker(),
    codec: jsonCodec(),
    config: await memoryConfig({ initial: config }),
    registry: memoryRegistry({ clock }),
    selector: roundRobinSelector(),
    transport: memoryTransport(),
  }
  for (const closable of [memory.auth, memory.config, memory.registry, memory.transport, memory.broker]) opened.add(() => closable.close())
  const shared = { ...memory, ...use }
  const { codec, registry, selector, transport } = shared
  const client = rpcClient({ codec, registry, selector, transport, clock })
  opened.add(() => client.close())

  const started = new Map<Service, { readonly running: RunningService; readonly store: DocumentStore }>()
  const startedOf = (service: Service) => {
    const found = started.get(service)
    if (found === undefined) throw new TypeError(`"${service.name}" is not in this testApp: hand it to testApp([...])`)
    return found
  }
  try {
    for (const service of [services].flat()) {
      const store = use.store ?? memoryStore({ clock })
      if (use.store === undefined) opened.add(() => store.close())
      const env = { LOG_LEVEL: 'silent', MICRO_PROJECT: 'test' }
      const running = await startService(service.options, { use: { ...shared, store }, env, clock })
      opened.add(() => stopNow(running, clock))
      started.set(service, { running, store: documentStore(store, codec) })
    }
  } catch (error) {
    await opened.close()
    throw error
  }
  return {
    client: (service) => clientOf(client.call, typeof service === 'string' ? service : service.name),
    store: (service) => startedOf(service).store,
    broker: shared.broker,
    clock,
    eventually,
    running: (service) => startedOf(service).running,
    close: () => opened.close(),
    [Symbol.asyncDispose]: () => opened.close(),
  }
}

// The app's clock stands still, so whatever the stop waits for by that clock would never come: it is moved, a second for ten real milliseconds.
async function stopNow(running: RunningService, clock: TestClock): Promise<void> {
  let isStopped = false
  const stopping = running.stop().finally(() => (isStopped = true))
  await Promise.race([stopping.catch(() => undefined), sleep(10)])
  while (!isStopped) {
    await clock.advance(1000)
    await Promise.race([stopping.catch(() => undefined), sleep(10)])
  }
  await stopping
}

// Counted in turns of the event loop and in real time, since the app's own clock stands still.
async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + 2000
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`did not come true within 2 s: ${condition.toString()}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
