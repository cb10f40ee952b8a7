import { readFileSync } from 'node:fs'
import { systemClock, watchSource, type Clock } from '@microts/core/base'
import {
  checkService,
  checkServiceName,
  checkTtl,
  encodeService,
  type Registry,
  type RegistryChange,
  type ServiceRecord,
} from '@microts/core/registry'
import { readEndpoints, shuffled } from './endpoints.js'
import { etcdErrors, messageOf } from './errors.js'
import { openGateway } from './gateway.js'
import { defaultPrefix, keysBelow } from './keys.js'
import { lifetime } from './lifetime.js'
import { listNames } from './listing.js'
import type { Login } from './login.js'
import { openMirror } from './mirror.js'
import { openOwnNodes } from './own-nodes.js'

/** How to make an {@link etcdRegistry}. */
export interface EtcdRegistryOptions extends Login {
  /** `http://host:port`, `https://host:port` or `host:port`, or several with commas between them, of one cluster. @default 'http://127.0.0.1:2379' */
  readonly endpoints?: string
  /** What a bare `host:port` means. @default false, and true with `caFile` */
  readonly tls?: boolean
  /** A PEM file with the certificates to trust. @default those of the system */
  readonly caFile?: string
  /** Where nodes lie. Services in Go look only at the default. @default '/micro/registry/' */
  readonly prefix?: string
  /** For each request to one endpoint; also the longest that `register` waits for its own watch, and `close` for etcd. @default 5_000 */
  readonly timeoutMs?: number
  readonly clock?: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded): the order of the endpoints, and when they are asked again. @default Math.random */
  readonly random?: () => number
  /** Told when etcd is lost, when it is back, and of what it complains about. @default nobody is told */
  readonly warn?: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

/**
 * A registry in etcd, in go-micro's layout: each node is a key with a lease of its own, so services in Go find ours, and ours find Go's.
 *
 * The first look-up of a service reads it; from then on one watch for the whole process keeps it up to date, and look-ups are answered from memory,
 * also while etcd is away.
 *
 * @throws `unavailable`/`REGISTRY_UNAVAILABLE` when no endpoint answers, `unauthenticated`/`ETCD_AUTHORIZATION`, `permission_denied`/`ETCD_PERMISSION`,
 * `failed_precondition`/`NOT_AN_ETCD_SERVER`, `failed_precondition`/`ETCD_TLS`, `invalid_argument`/`ADDRESS_INVALID`
 */
export async function etcdRegistry(options: EtcdRegistryOptions = {}): Promise<Registry> {
  const { caFile, timeoutMs = 5000, clock = systemClock, random = Math.random, warn = () => undefined } = options
  const { user, password } = options
  const login = { ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) }
  const keys = keysBelow(withSlash(options.prefix ?? defaultPrefix))
  const endpoints = readEndpoints(options.endpoints ?? 'http://127.0.0.1:2379', login, options.tls ?? caFile !== undefined)
  const ca = caFile === undefined ? undefined : readCa(caFile, endpoints[0]?.url ?? '')
  const gateway = openGateway({ endpoints: shuffled(endpoints, random), ca, prefix: keys.prefix, timeoutMs, clock, warn })
  const life = lifetime('etcd registry')
  const mirror = openMirror({ gateway, keys, clock, random, warn })
  const own = openOwnNodes({ gateway, keys, clock, random, warn })
  let closing: Promise<void> | undefined

  try {
    // One cheap question says whether it is etcd, and whether this user may read.
    await gateway.call('reach the registry', '/v3/kv/range', { ...keys.rangeOf(), limit: 1, keys_only: true })
  } catch (error) {
    gateway.close()
    throw error
  }

  return {
    name: 'etcd',
    features: new Set(['ttl', 'shared'] as const),
    get address() {
      return gateway.url
    },
    async register(service, { ttlMs, signal } = {}) {
      life.check('a registration', signal)
      checkService(service)
      checkTtl(ttlMs)
      const values = service.nodes.map((node) => ({
        service: service.name,
        id: node.id,
        value: encodeService({ ...service, nodes: [node] }),
      }))
      const work = () => Promise.all(values.map((value) => own.put(value, ttlMs)))
      await life.run('a registration', () => settled(service.name, work), signal)
    },
    async deregister(service, { signal } = {}) {
      life.check('a deregistration', signal)
      checkServiceName(service.name)
      const work = () => Promise.all(service.nodes.map(({ id }) => own.remove(service.name, id)))
      await life.run('a deregistration', () => settled(service.name, work), signal)
    },
    lookup(name, { signal } = {}) {
      // On the way of each call: what is known needs no more than this, and a name that is known is a good one.
      const known = life.isEnded || signal?.aborted === true ? undefined : mirror.known(name)
      return known === undefined ? lookUp(name, signal) : Promise.resolve(known)
    },
    async list({ signal } = {}) {
      return life.run('a list', async () => mirror.names ?? listNames({ gateway, keys }), signal)
    },
    async watch({ service, signal } = {}) {
      life.check('a watch', signal)
      if (service !== undefined) checkServiceName(service)
      await life.run('a watch', async () => void (await (service === undefined ? mirror.followAll() : mirror.follow(service))), signal)
      life.check('a watch', signal)
      const source = watchSource<RegistryChange>({
        what: 'the etcd registry',
        signal,
        onEnd: () => {
          unsubscribe()
          release()
        },
      })
      const unsubscribe = mirror.subscribe(service, (change) => source.push(change))
      const release = life.atEnd(source.end)
      return source.watch
    },
    explain() {
      if (gateway.away === undefined) return undefined
      const seconds = Math.round((clock.monotonicMs() - gateway.away.sinceMs) / 1000)
      return `etcd at ${gateway.url} is out of reach (${gateway.away.why}); what is known of it is ${seconds} s old`
    },
    close: () => (closing ??= close()),
  }

  async function lookUp(name: string, signal: AbortSignal | undefined): Promise<readonly ServiceRecord[]> {
    life.check('a look-up', signal)
    checkServiceName(name)
    return life.run('a look-up', () => mirror.follow(name), signal)
  }

  /** Does `work`, which gives revisions, and waits until look-ups here know of them. */
  async function settled(service: string, work: () => Promise<readonly number[]>): Promise<void> {
    const revision = Math.max(0, ...(await work()))
    // When the watch is away, it is told later: etcd has it, and that is what was asked for.
    if (revision > 0) await within(mirror.reached(service, revision))
  }

  async function close(): Promise<void> {
    life.end()
    mirror.close()
    try {
      if (!(await within(own.close()))) warn(`did not end all leases in etcd within ${timeoutMs} ms: they end by themselves`)
    } catch (error) {
      warn(`could not end all leases in etcd: they end by themselves (${messageOf(error)})`)
    } finally {
      gateway.close()
    }
  }

  /** Whether `work` is done in time. */
  async function within(work: Promise<void>): Promise<boolean> {
    let cancel = () => undefined as void
    const late = new Promise<boolean>((resolve) => {
      cancel = clock.after(timeoutMs, () => resolve(false))
    })
    try {
      return await Promise.race([work.then(() => true), late])
    } finally {
      cancel()
    }
  }
}

const withSlash = (prefix: string) => (prefix.endsWith('/') ? prefix : `${prefix}/`)

function readCa(file: string, url: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw etcdErrors.tls(url, `"caFile" cannot be read (${messageOf(error)})`, error)
  }
}
