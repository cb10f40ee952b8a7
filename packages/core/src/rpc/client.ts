import {
  backoffMs,
  baseErrors,
  type Clock,
  type Deadline,
  deadlineAfter,
  deadlineSignal,
  earlier,
  remainingMs,
  sleep,
  systemClock,
} from '../base/index.js'
import type { Codec } from '../codec/codec.js'
import type { NodeRecord, Registry } from '../registry/registry.js'
import type { Selector } from '../selector/selector.js'
import type { Transport } from '../transport/transport.js'
import { attempt, type AttemptContext, canceled, type Failure, nameOf, type Outcome } from './attempt.js'
import { type Call, compose, type Interceptor, type Metadata, type Reply } from './call.js'
import { codecTable } from './codecs.js'
import { createConnections } from './connections.js'
import { createFramings } from './framings.js'
import { createNodes } from './nodes.js'
import { retryBudget } from './retry.js'

/** What a client stands on. */
export interface RpcClientOptions {
  readonly registry: Registry
  readonly selector: Selector
  readonly transport: Transport
  /** What inputs are written with. @default JSON */
  readonly codec?: Codec
  /** What replies may be written in, besides `codec` and the codecs of the wire: JSON, bytes, and protobuf as bytes. */
  readonly codecs?: readonly Codec[]
  /** The first is the outermost. They wrap the call with all its attempts. */
  readonly interceptors?: readonly Interceptor[]
  /** @default the machine's */
  readonly clock?: Clock
  /** Evenly drawn from 0 (included) to 1 (excluded). @default Math.random */
  readonly random?: () => number
  /** For calls that say nothing, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number
  /** The name of the service that calls; sent as `Micro-From-Service`. */
  readonly from?: string
  /** Only nodes of this project, and those without one, are called. Read at the first look-up, not before. @default all */
  readonly project?: string
}

/** How one call is made. */
export interface CallOptions {
  /** How long to wait for everything, in milliseconds. @default the client's */
  readonly timeoutMs?: number
  /** The deadline of the call that this one is made for: it is never outlived. */
  readonly deadline?: Deadline
  readonly signal?: AbortSignal
  readonly metadata?: Metadata
  /** Calls this node, and asks no registry. */
  readonly address?: string
  /** Running it twice does no harm, so it is tried again when it is unknown whether it ran. @default false */
  readonly idempotent?: boolean
}

/** Calls services by name. */
export interface RpcClient {
  /**
   * What `endpoint` (`Orders.Place`) of `service` gives for `input`.
   *
   * At most three attempts: always on another node when one could not be reached or refused to begin, and for idempotent calls whenever the failure is
   * `unavailable` and the budget allows it. The error is the one of the last attempt.
   *
   * @throws `unavailable`/`SERVICE_NOT_FOUND`, `deadline_exceeded`, `canceled`, `unavailable`/`CONNECTION_LOST`, and whatever the service answers
   */
  call(service: string, endpoint: string, input: unknown, options?: CallOptions): Promise<unknown>
  /** Ends calls in work with `failed_precondition`/`CLOSED`, and all connections. Registry, selector and transport stay open: they belong to whoever made them. */
  close(): Promise<void>
}

const maxAttempts = 3

/** A client with no connection yet. */
export function rpcClient(options: RpcClientOptions): RpcClient {
  const { registry, selector, transport, codec, codecs = [], interceptors = [], clock = systemClock, random = Math.random } = options
  const { timeoutMs: defaultTimeoutMs = 10_000, from } = options
  const table = codecTable(codec === undefined ? codecs : [codec, ...codecs])
  const framings = createFramings(table)
  const plain = framings.find(table.first.contentTypes[0]) as ReturnType<typeof framings.old>
  const old = framings.old(table.first)
  const nodes = createNodes({
    registry,
    clock,
    get project() {
      return options.project
    },
  })
  const connections = createConnections({ transport, clock })
  const budget = retryBudget()
  const closing = new AbortController()
  let calls = 0
  const context: AttemptContext = { clock, connections, framings, from, nextId: () => String(calls++) }

  const nodesOf = async (call: Call): Promise<readonly NodeRecord[]> => {
    const known = nodes.of(call.service)
    return known instanceof Promise ? inTime(call, known) : known
  }
  /** Where the next attempt goes: a node that was not tried, while there is one. */
  const choose = async (call: Call, tried: ReadonlySet<string>) => {
    const all = await nodesOf(call)
    const left = tried.size === 0 ? all : all.filter((node) => !tried.has(node.id))
    const { node, release } = selector.select(call.service, left.length === 0 ? all : left)
    const framing = node.metadata['protocol'] === undefined ? old : plain
    return { id: node.id, target: { address: node.address, framing }, release }
  }
  const isAnotherNode = (call: Call, tried: ReadonlySet<string>): Promise<boolean> =>
    nodesOf(call).then(
      (all) => all.some((node) => !tried.has(node.id)),
      // The registry is away, or has no node any more: what the last attempt said is the better answer.
      () => false,
    )

  const attemptFixed = (call: Call, address: string) => attempt(call, signalOf(call), { address, framing: plain }, context)

  const send = async (call: Call): Promise<Reply> => {
    const { address, idempotent } = settingsOf(call)
    const tried = new Set<string>()
    for (let number = 1; ; number++) {
      let outcome: Outcome
      if (address !== undefined) outcome = await attemptFixed(call, address)
      else {
        const chosen = await choose(call, tried)
        outcome = await attempt(call, signalOf(call), chosen.target, context)
        chosen.release('reply' in outcome ? undefined : outcome.error)
        tried.add(chosen.id)
        if (!('reply' in outcome) && outcome.isUnreachable) nodes.failed(call.service, chosen.id)
      }
      if ('reply' in outcome) {
        budget.succeeded(call.service)
        return outcome.reply
      }
      const { error, isUntouched } = outcome
      if (number === maxAttempts) throw error
      const isSafe = isUntouched && address === undefined && (await isAnotherNode(call, tried))
      if (!isSafe && !mayRepeat(call, outcome, idempotent)) throw error
      const waitMs = backoffMs(number, { baseMs: 50, capMs: 1000, random })
      if (waitMs >= remainingMs(call.deadline, clock)) throw error
      await pause(call, waitMs)
    }
  }

  // A node that has not begun the work costs nothing to leave for another one; only what may run twice is counted against the budget.
  const mayRepeat = (call: Call, { error, isUntouched }: Failure, idempotent: boolean): boolean =>
    idempotent && (error.code === 'unavailable' || isUntouched) && budget.mayRetry(call.service)

  // The registry knows nothing of the call's time, so it is left when that is over.
  const inTime = <T>(call: Call, work: Promise<T>): Promise<T> => {
    const { signal, cancel } = deadlineSignal(nameOf(call), call.deadline, clock, signalOf(call))
    return new Promise<T>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(canceled(call, signal)), { once: true })
      if (signal.aborted) reject(canceled(call, signal))
      work.then(resolve, reject)
    }).finally(cancel)
  }

  const pause = async (call: Call, waitMs: number): Promise<void> => {
    const signal = signalOf(call)
    try {
      await sleep(waitMs, { clock, signal })
    } catch {
      // The only way that sleep fails is that the caller gave up.
      throw canceled(call, signal)
    }
  }

  const path = compose(interceptors, send)

  return {
    async call(service, endpoint, input, callOptions = {}) {
      if (closing.signal.aborted) throw baseErrors.closed('RPC client')
      const { timeoutMs = defaultTimeoutMs, signal } = callOptions
      const deadline = earlier(deadlineAfter(timeoutMs, clock), callOptions.deadline)
      const call = outgoingCall(service, endpoint, input, deadline, { callOptions, clock })
      if (signal?.aborted === true) throw canceled(call, signal)
      try {
        return (await path(call)).output
      } catch (error) {
        if (closing.signal.aborted) throw baseErrors.closed('RPC client')
        throw error
      } finally {
        settingsOf(call).done()
      }
    },
    async close() {
      closing.abort()
      await Promise.all([connections.close(), nodes.close()])
    },
  }
}

const settings = Symbol('settings')

interface Settings {
  readonly address: string | undefined
  readonly idempotent: boolean
  readonly signal: AbortSignal | undefined
  /** Frees what the signal of the call holds. */
  done(): void
}

function settingsOf(call: Call): Settings {
  return (call as Call & { readonly [settings]: Settings })[settings]
}

// An interceptor may have put another signal into the call. Reading the call's own would make it, which costs as much as the rest of a small call.
function signalOf(call: Call): AbortSignal | undefined {
  const isOwn = Object.getOwnPropertyDescriptor(call, 'signal')?.get !== undefined
  return isOwn ? settingsOf(call).signal : call.signal
}

function outgoingCall(
  service: string,
  endpoint: string,
  input: unknown,
  deadline: Deadline,
  more: { readonly callOptions: CallOptions; readonly clock: Clock },
): Call {
  const { callOptions, clock } = more
  let made: ReturnType<typeof deadlineSignal> | undefined
  // Under a symbol, which a spread copies: what an interceptor passes on keeps the settings of the call that it was given.
  const call: Call & { readonly [settings]: Settings } = {
    service,
    endpoint,
    input,
    metadata: callOptions.metadata ?? {},
    deadline,
    get signal() {
      made ??= deadlineSignal(nameOf({ service, endpoint }), deadline, clock, callOptions.signal)
      return made.signal
    },
    remote: undefined,
    [settings]: {
      address: callOptions.address,
      idempotent: callOptions.idempotent ?? false,
      signal: callOptions.signal,
      done: () => made?.cancel(),
    },
  }
  return call
}
