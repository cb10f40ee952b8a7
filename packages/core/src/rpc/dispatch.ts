import { baseErrors, type Clock, type Code, type Deadline, deadlineAfter, MicroError, remainingMs } from '../base/index.js'
import { type Call, compose, type Interceptor, type Metadata, type Reply } from './call.js'
import type { Endpoint } from './endpoint.js'
import { rpcErrors } from './errors.js'
import type { Router } from './router.js'
import { runEndpoint } from './run-endpoint.js'

/** What a server has understood of a request before it runs it. */
export interface CallRequest {
  readonly endpoint: Endpoint
  /** Decodes the body; called at most once, and not at all when an interceptor refuses the call. */
  input(): unknown
  metadata(): Metadata
  /** The time that the caller gives; undefined: the server's own default. */
  readonly timeoutMs: number | undefined
  readonly remote: string
}

/** A call that has begun. */
export interface RunningCall {
  /** What it comes to. Rejects with a MicroError only. */
  readonly outcome: Reply | Promise<Reply>
  /** Ends it: its signal aborts with `error`, and so does the outcome. After the end it does nothing. */
  abort(error: MicroError): void
}

/** Runs calls through the interceptors to their endpoints, and knows which are in work. */
export interface Dispatch {
  readonly pending: number
  /** Whether it begins nothing any more. */
  readonly isDraining: boolean
  /** @throws `unavailable`/`DRAINING` when it begins nothing any more, and what a synchronous handler throws, as a MicroError */
  begin(request: CallRequest): RunningCall
  /** Begins nothing from now on; resolves when nothing is in work, or after `capMs`. */
  drain(capMs: number): Promise<void>
  /** Begins nothing from now on, and ends what is in work. */
  close(): void
}

/** What a dispatch is made of. */
export interface DispatchOptions {
  readonly service: string
  readonly router: Router
  readonly interceptors: readonly Interceptor[]
  readonly clock: Clock
  /** For callers that give no time, in milliseconds. */
  readonly timeoutMs: number
  /** Told of every call that has begun and ended; `code` is undefined for one that succeeded. */
  readonly onEnd?: ((endpoint: Endpoint, code: Code | undefined, durationMs: number) => void) | undefined
  readonly onError?: ((error: MicroError, call: { readonly service: string; readonly endpoint: string }) => void) | undefined
}

/** A dispatch with nothing in work. */
export function createDispatch(options: DispatchOptions): Dispatch {
  const { service, router, interceptors, clock, timeoutMs, onEnd, onError } = options
  const running = new Set<Running>()
  let isDraining = false
  let onIdle: (() => void) | undefined

  const run = (call: Call) => runEndpoint(router.exact(call.endpoint) as Endpoint, call, clock)
  // Without interceptors a synchronous handler costs no promise.
  const path = interceptors.length === 0 ? run : compose(interceptors, async (call) => run(call))

  const failed = (thrown: unknown, endpoint: string): MicroError => {
    const error = MicroError.is(thrown) ? thrown : rpcErrors.internal(service, endpoint, thrown)
    const isOurFault = error.code === 'internal' || error.code === 'unknown' || error.code === 'data_loss'
    if (isOurFault) onError?.(error, { service, endpoint })
    return error
  }
  const measured = ({ call }: Running, endpoint: Endpoint, code: Code | undefined) => {
    const { atMs, timeoutMs: givenMs } = call.deadline
    // The deadline was made when the call began, so its end says when that was.
    onEnd?.(endpoint, code, Math.max(0, clock.monotonicMs() - (atMs - givenMs)))
  }
  const ended = (call: Running) => {
    running.delete(call)
    if (running.size === 0) onIdle?.()
  }

  return {
    get pending() {
      return running.size
    },
    get isDraining() {
      return isDraining
    },
    begin(request) {
      if (isDraining) throw rpcErrors.draining(service)
      const { name } = request.endpoint
      const one = runningCall(service, request, deadlineAfter(request.timeoutMs ?? timeoutMs, clock))
      let outcome: Reply | Promise<Reply>
      try {
        outcome = path(one.call)
      } catch (error) {
        const failure = failed(error, name)
        measured(one, request.endpoint, failure.code)
        throw failure
      }
      if (!(outcome instanceof Promise)) {
        measured(one, request.endpoint, undefined)
        return { outcome, abort: () => undefined }
      }
      running.add(one)
      const cancelTimer = clock.after(remainingMs(one.call.deadline, clock), () =>
        one.abort(baseErrors.deadlineExceeded(`answering ${name}`, one.call.deadline.timeoutMs)),
      )
      const settled = new Promise<Reply>((resolve, reject) => {
        one.onAbort = reject
        outcome.then(resolve, reject)
      }).then(
        (reply) => {
          cancelTimer()
          ended(one)
          measured(one, request.endpoint, undefined)
          return reply
        },
        (error: unknown) => {
          cancelTimer()
          ended(one)
          const failure = failed(error, name)
          measured(one, request.endpoint, failure.code)
          throw failure
        },
      )
      return { outcome: settled, abort: (error) => one.abort(error) }
    },
    drain(capMs) {
      isDraining = true
      if (running.size === 0) return Promise.resolve()
      return new Promise((resolve) => {
        const cancel = clock.after(capMs, resolve)
        onIdle = () => {
          cancel()
          resolve()
        }
      })
    },
    close() {
      isDraining = true
      for (const call of running) call.abort(rpcErrors.serverClosed(service, call.call.endpoint))
    },
  }
}

interface Running {
  readonly call: Call
  onAbort: ((error: MicroError) => void) | undefined
  abort(error: MicroError): void
}

const unread = Symbol('unread')

// The getters are own properties of a plain object, so that an interceptor may spread a call to change a part of it.
function runningCall(service: string, request: CallRequest, deadline: Deadline): Running {
  let input: unknown = unread
  let metadata: Metadata | undefined
  let controller: AbortController | undefined
  let aborted: MicroError | undefined
  const call: Call = {
    service,
    endpoint: request.endpoint.name,
    get input() {
      if (input === unread) input = request.input()
      return input
    },
    get metadata() {
      return (metadata ??= request.metadata())
    },
    deadline,
    get signal() {
      if (controller === undefined) {
        controller = new AbortController()
        if (aborted !== undefined) controller.abort(aborted)
      }
      return controller.signal
    },
    remote: request.remote,
  }
  return {
    call,
    onAbort: undefined,
    abort(error) {
      if (aborted !== undefined) return
      aborted = error
      controller?.abort(error)
      this.onAbort?.(error)
    },
  }
}
