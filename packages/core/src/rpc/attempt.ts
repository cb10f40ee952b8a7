import { baseErrors, type Clock, MicroError, remainingMs } from '../base/index.js'
import type { Connection, Frame } from '../transport/transport.js'
import type { Call, Reply } from './call.js'
import type { Connections } from './connections.js'
import { errorFromHeader } from './error-header.js'
import { rpcErrors } from './errors.js'
import type { Framing } from './framing.js'
import type { Framings } from './framings.js'
import { isSendable, metadataOf, microHeader, timeoutText } from './wire.js'

/** Where one attempt goes. */
export interface Target {
  readonly address: string
  readonly framing: Framing
}

/** An attempt that came to nothing. */
export interface Failure {
  readonly error: MicroError
  /** The other side has not begun the work, so another node may be asked, whatever the call does. */
  readonly isUntouched: boolean
  /** Nobody there takes calls: the next ones should go elsewhere. */
  readonly isUnreachable: boolean
}

/** What one attempt came to. */
export type Outcome = { readonly reply: Reply } | Failure

/** What an attempt needs. */
export interface AttemptContext {
  readonly clock: Clock
  readonly connections: Connections
  readonly framings: Framings
  readonly from: string | undefined
  nextId(): string
}

// Long enough for another continent, short enough to leave time for another node.
const connectMs = 5000
const nothing = new Uint8Array(0)

/**
 * One exchange with one node. Giving up, by the deadline or by `signal`, ends the connection: that is how a go-micro server learns that nobody waits
 * any more.
 */
export async function attempt(call: Call, signal: AbortSignal | undefined, target: Target, context: AttemptContext): Promise<Outcome> {
  const { clock, connections } = context
  const leftMs = remainingMs(call.deadline, clock)
  if (leftMs <= 0) return failed(baseErrors.deadlineExceeded(nameOf(call), call.deadline.timeoutMs))
  const id = context.nextId()
  let frame: Frame
  try {
    frame = {
      header: headerOf(call, id, leftMs, target.framing, context.from),
      body: target.framing.request(id, call.endpoint, call.input),
    }
  } catch (error) {
    return failed(MicroError.from(error))
  }
  let connection: Connection
  try {
    connection = await connections.take(target.address, {
      timeoutMs: Math.min(connectMs, leftMs),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    return notConnected(error, call, clock)
  }
  return exchange(connection, frame, call, signal, target, context)
}

async function exchange(
  connection: Connection,
  frame: Frame,
  call: Call,
  signal: AbortSignal | undefined,
  ...[target, context]: [Target, AttemptContext]
): Promise<Outcome> {
  const { clock, connections } = context
  let gaveUp: MicroError | undefined
  const giveUp = (error: MicroError) => {
    gaveUp ??= error
    void connection.close()
  }
  const onAbort = () => giveUp(canceled(call, signal))
  const cancelTimer = clock.after(remainingMs(call.deadline, clock), () =>
    giveUp(baseErrors.deadlineExceeded(nameOf(call), call.deadline.timeoutMs)),
  )
  if (signal?.aborted === true) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await connection.send(frame)
    const answer = await connection.receive()
    if (gaveUp !== undefined) return failed(gaveUp)
    if (answer === undefined) return failed(rpcErrors.connectionLost(call.service, target.address))
    connections.release(connection)
    return read(answer, call, target, context.framings)
  } catch (error) {
    if (gaveUp !== undefined) return failed(gaveUp)
    void connection.close()
    const failure = MicroError.from(error)
    return failed(failure.reason === 'CONNECTION_LOST' ? rpcErrors.connectionLost(call.service, target.address, failure) : failure)
  } finally {
    cancelTimer()
    signal?.removeEventListener('abort', onAbort)
  }
}

function read(answer: Frame, call: Call, target: Target, framings: Framings): Outcome {
  const { header, body } = answer
  const text = microHeader(header, 'error')
  if (text !== undefined) return failedRemotely(text, call)
  const contentType = header['content-type'] || target.framing.contentType
  const framing = contentType === target.framing.contentType ? target.framing : framings.find(contentType)
  if (framing === undefined) {
    const shown = contentType.startsWith('text/') ? new TextDecoder().decode(body.subarray(0, 500)) : ''
    return failed(rpcErrors.replyNotReadable(call.service, contentType, shown))
  }
  try {
    const { output, error } = framing.openReply(microHeader(header, 'empty') === undefined ? body : nothing)
    if (error !== undefined) return failedRemotely(error, call)
    let metadata: Reply['metadata'] | undefined
    return {
      reply: {
        output,
        get metadata() {
          return (metadata ??= metadataOf(header))
        },
      },
    }
  } catch (error) {
    return failed(MicroError.from(error))
  }
}

function headerOf(call: Call, id: string, leftMs: number, framing: Framing, from: string | undefined): Record<string, string> {
  const header: Record<string, string> = {
    'content-type': framing.contentType,
    accept: framing.accept,
    'micro-service': call.service,
    'micro-endpoint': call.endpoint,
    'micro-id': id,
    timeout: timeoutText(leftMs),
  }
  const { metadata } = call
  // What a call consists of cannot be overwritten by what travels beside it.
  for (const name in metadata) if (isSendable(name.toLowerCase())) header[name.toLowerCase()] = metadata[name] as string
  // Metadata that is passed on names who called the caller.
  if (from !== undefined) header['micro-from-service'] = from
  return header
}

function notConnected(error: unknown, call: Call, clock: Clock): Outcome {
  const failure = MicroError.from(error)
  if (failure.code === 'deadline_exceeded' && remainingMs(call.deadline, clock) <= 0) {
    return failed(baseErrors.deadlineExceeded(nameOf(call), call.deadline.timeoutMs))
  }
  const isUnreachable = failure.reason === 'CONNECT_FAILED' || failure.reason === 'CONNECT_TIMEOUT'
  return {
    error: failure.code === 'canceled' ? baseErrors.canceled(nameOf(call), failure) : failure,
    isUntouched: isUnreachable,
    isUnreachable,
  }
}

function failedRemotely(text: string, call: Call): Outcome {
  const { error, isRefused } = errorFromHeader(text, call.service, call.endpoint)
  return { error, isUntouched: isRefused, isUnreachable: isRefused }
}

function failed(error: MicroError): Outcome {
  return { error, isUntouched: false, isUnreachable: false }
}

/** The error of a call whose caller gave up. */
export function canceled(call: Call, signal: AbortSignal | undefined): MicroError {
  const reason: unknown = signal?.reason
  // A signal made from a deadline carries the better error.
  return MicroError.is(reason) && reason.code === 'deadline_exceeded' ? reason : baseErrors.canceled(nameOf(call), reason)
}

/** What is given up when a call is: for messages. */
export function nameOf({ service, endpoint }: Pick<Call, 'service' | 'endpoint'>): string {
  return `calling ${endpoint} of "${service}"`
}
