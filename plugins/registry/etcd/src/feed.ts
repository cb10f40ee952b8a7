import { backoffMs, MicroError, type Clock } from '@microts/core/base'
import { isCompacted, type Gateway, type Json, type Stream } from './gateway.js'
import { fromBase64, type Keys } from './keys.js'

/** One key that was put or deleted. */
export interface KeyEvent {
  readonly key: string
  /** Undefined: it was deleted. */
  readonly value: string | undefined
  readonly revision: number
}

/** The one watch of a process: all that happens below the prefix, in order, without gaps. */
export interface Feed {
  /** Begins it, at the first call. Resolves when it stands, or when the first attempt has failed; it is tried again until `close`. */
  start(): Promise<void>
  /** Whether all events up to some revision have been told, and those after it will be: false before it stood, and between a gap and its next stand. */
  readonly isGapless: boolean
  readonly hasStood: boolean
  /** How many gaps there were. */
  readonly gaps: number
  /** Resolves when the feed has told all up to `revision`, or at once when it was never begun. */
  reached(revision: number): Promise<void>
  /** Waiting for events keeps the process alive until the returned function is called. */
  hold(): () => void
  close(): void
}

/** How to make a {@link Feed}. */
export interface FeedOptions {
  readonly gateway: Gateway
  readonly keys: Keys
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
  readonly onEvents: (events: readonly KeyEvent[]) => void
  /** Events are missing: `compacted`, etcd remembers them no longer; `other`, it is another etcd, or one that lost its data. Called before the events that follow. */
  readonly onGap: (why: 'compacted' | 'other') => void
  /** It stands, and all that is missing is to be read. When that fails, it is begun again, and this called again. */
  readonly onStanding: () => Promise<void>
}

/** Which etcd it is. With the same cluster, revision and term never go back. */
interface Identity {
  readonly cluster: string
  readonly term: number
}

const retryBaseMs = 50
const retryCapMs = 2000

/** Makes a {@link Feed}; nothing happens before `start`. */
export function openFeed({ gateway, keys, clock, random, warn, onEvents, onGap, onStanding }: FeedOptions): Feed {
  let revision = 0
  let gaps = 0
  let identity: Identity | undefined
  let starting: Promise<void> | undefined
  let firstAttempt = () => undefined as void
  let stream: Stream | undefined
  let isClosed = false
  let cancelPause = () => undefined as void
  const holders = new Set<object>()
  let waiting: { readonly revision: number; readonly resolve: () => void }[] = []

  async function run(): Promise<void> {
    let told = ''
    for (let attempt = 0; !isClosed;) {
      try {
        attempt++
        if (await follow(() => (attempt = 0))) continue
      } catch (error) {
        // The gateway tells of an etcd that is away; this is one that is there, and refuses.
        const { message, code } = MicroError.from(error)
        if (!isClosed && code !== 'unavailable' && message !== told) warn(`cannot watch the registry: ${message}`)
        told = message
      }
      firstAttempt()
      if (!isClosed) await pause(backoffMs(Math.max(1, attempt), { baseMs: retryBaseMs, capMs: retryCapMs, random }))
    }
  }

  /** Follows one stream to its end. True: it is to be opened anew at once. */
  async function follow(onStood: () => void): Promise<boolean> {
    const request = {
      ...keys.rangeOf(),
      progress_notify: true,
      ...(revision === 0 ? {} : { start_revision: String(revision + 1) }),
    }
    const found = await gateway.open('watch the registry', '/v3/watch', { create_request: request })
    stream = found
    try {
      return await read(found, onStood)
    } catch (error) {
      if (isCompacted(error)) return gap('compacted')
      if (!MicroError.is(error)) gateway.lost(found.url, isCut(error) ? new Error('it ended the connection') : error)
      else throw error
      return false
    } finally {
      stream = undefined
      found.close()
    }
  }

  async function read(found: Stream, onStood: () => void): Promise<boolean> {
    let failure: Error | undefined
    const messages = found[Symbol.asyncIterator]()
    for (;;) {
      const next = await messages.next().catch((error: unknown) => {
        throw failure ?? error
      })
      if (next.done === true) throw failure ?? new Error('it ended the connection')
      const message = next.value
      if (isClosed) return false
      const header = (message['header'] ?? {}) as Json
      if (message['canceled'] === true) {
        if (Number(message['compact_revision'] ?? 0) > 0) return gap('compacted')
        // Of a token that a restarted etcd does not know, a watch hears only that it is forbidden.
        gateway.forgetLogin()
        throw new Error(`it ended the watch: ${String(message['cancel_reason'] ?? 'it does not say why')}`)
      }
      if (message['created'] === true) {
        const now = { cluster: String(header['cluster_id']), term: Number(header['raft_term'] ?? 0) }
        const isOther = identity !== undefined && (identity.cluster !== now.cluster || identity.term > now.term)
        identity = now
        // A member that lags behind looks like an etcd that was emptied. To read all again is right for both.
        if (isOther || Number(header['revision'] ?? 0) < revision) return gap('other')
        if (revision === 0) revision = Number(header['revision'] ?? 0)
        found.keepAlive(holders.size > 0)
        onStood()
        onStanding().then(firstAttempt, (error: Error) => {
          failure = error
          found.close()
        })
      }
      take(message, header)
    }
  }

  function take(message: Json, header: Json): void {
    const events = ((message['events'] ?? []) as readonly Json[]).map(readEvent)
    if (events.length > 0) {
      onEvents(events)
      // Not the header's, which is ahead of the events while a watch catches up.
      revision = Math.max(revision, ...events.map((event) => event.revision))
    } else if (message['created'] !== true) revision = Math.max(revision, Number(header['revision'] ?? 0))
    settle()
  }

  function gap(why: 'compacted' | 'other'): true {
    revision = 0
    gaps++
    if (why === 'other') warn('etcd is another one, or has lost its data: all nodes are read again', { url: gateway.url })
    onGap(why)
    settle()
    return true
  }

  function settle(): void {
    // After a gap nobody knows what had been reached.
    const done = waiting.filter((one) => revision === 0 || one.revision <= revision)
    waiting = waiting.filter((one) => !done.includes(one))
    for (const { resolve } of done) resolve()
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(delayMs, resolve, { background: holders.size === 0 })
      cancelPause = () => {
        cancel()
        resolve()
      }
    })
  }

  return {
    start() {
      starting ??= new Promise<void>((resolve) => {
        firstAttempt = resolve
        void run()
      })
      return starting
    },
    get isGapless() {
      return revision > 0
    },
    get hasStood() {
      return identity !== undefined
    },
    get gaps() {
      return gaps
    },
    async reached(wanted) {
      if (starting === undefined || isClosed || revision === 0 || wanted <= revision) return
      await new Promise<void>((resolve) => waiting.push({ revision: wanted, resolve }))
    },
    hold() {
      const holder = {}
      holders.add(holder)
      stream?.keepAlive(true)
      return () => {
        holders.delete(holder)
        stream?.keepAlive(holders.size > 0)
      }
    },
    close() {
      isClosed = true
      cancelPause()
      stream?.close()
      for (const { resolve } of waiting.splice(0)) resolve()
    },
  }
}

/** What Node says when the other side closed a reply in its middle. */
const isCut = (error: unknown) => (error as { code?: unknown } | undefined)?.code === 'ECONNRESET'

function readEvent(event: Json): KeyEvent {
  const kv = event['kv'] as { readonly key: string; readonly value?: string; readonly mod_revision: string }
  return {
    key: fromBase64(kv.key),
    value: event['type'] === 'DELETE' ? undefined : fromBase64(kv.value ?? ''),
    revision: Number(kv.mod_revision),
  }
}
