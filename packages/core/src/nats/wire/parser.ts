import { readNumber, Verb, verbOf } from './verbs.js'

/** What a peer did wrong. A connection that did it cannot be read any further. */
export type ProtocolFault = 'unknown-operation' | 'bad-arguments' | 'control-line' | 'max-payload' | 'not-authenticated'

/**
 * One operation, as offsets into what was read. It is the same object every time, and true only during the call that it is handed to.
 *
 * `line` holds the arguments (`starts[i]` to `ends[i]`, `count` of them; `argsStart` to `argsEnd` all of them), `body` the payload: `headerBytes` of
 * headers, then the data, from `bodyStart` to `bodyEnd`, with CR LF after it. A body is never written to again: a view of it stays true.
 */
export interface Frame {
  verb: Verb
  line: Buffer
  argsStart: number
  argsEnd: number
  count: number
  readonly starts: number[]
  readonly ends: number[]
  body: Uint8Array
  bodyStart: number
  headerBytes: number
  bodyEnd: number
}

/** How to make a {@link NatsParser}. */
export interface ParserOptions {
  /** Whose operations are understood: those that a server reads, or those that a client does. */
  readonly side: 'server' | 'client'
  readonly maxControlLineBytes: number
  readonly maxPayloadBytes: number
  readonly onFrame: (frame: Frame) => void
}

/** Reads the protocol in whatever pieces it arrives. What it holds is bounded by the two limits, and every byte is copied at most a fixed number of times. */
export interface NatsParser {
  /** Only CONNECT is let through, by its first byte, so that nobody who is not known can make it hold anything. */
  connectOnly: boolean
  /** HPUB and HMSG are refused, before their payload is read. */
  withoutHeaders: boolean
  /** Reads what arrived; gives what is wrong with it. After a fault, and after `stop`, it reads nothing any more. */
  push(chunk: Buffer): ProtocolFault | undefined
  stop(): void
}

/** An empty frame, for {@link NatsParser} and for whoever publishes without one. */
export const emptyFrame = (): Frame => ({
  verb: Verb.ping,
  line: Buffer.alloc(0),
  argsStart: 0,
  argsEnd: 0,
  count: 0,
  starts: [],
  ends: [],
  body: Buffer.alloc(0),
  bodyStart: 0,
  headerBytes: 0,
  bodyEnd: 0,
})

/** Argument `index` of a frame; latin1, so that each byte is one character and none is lost. */
export function argument(frame: Frame, index: number): string {
  return frame.line.toString('latin1', frame.starts[index], frame.ends[index])
}

/** Whether a published frame says where its answer is wanted: argument 1. */
export function hasReply(frame: Frame): boolean {
  return frame.count === (frame.verb === Verb.hpub ? 4 : 3)
}

const lf = 10
const cr = 13
// An operation and its space take at most 8 bytes (`CONNECT `) in front of the arguments that the limit counts.
const verbBytes = 8
// The first room for a payload that is not here yet. It doubles as bytes arrive, so that an announced size costs nothing.
const firstBodyBytes = 64 * 1024

const isBlank = (byte: number | undefined) => byte === 32 || byte === 9
const needsArguments = (verb: Verb) =>
  verb !== Verb.ping && verb !== Verb.pong && verb !== Verb.ok && verb !== Verb.connect && verb !== Verb.info

/** A {@link NatsParser}. */
export function natsParser(options: ParserOptions): NatsParser {
  const { side, maxControlLineBytes, maxPayloadBytes, onFrame } = options
  const frame = emptyFrame()
  const maxHeldBytes = maxControlLineBytes + verbBytes + 2
  let held = Buffer.alloc(0)
  let heldBytes = 0
  let body = Buffer.alloc(0)
  let bodyBytes = 0
  // Of the payload that is being read, with its CR LF; 0 between two operations.
  let wantedBytes = 0
  // Of the line that was scanned last.
  let firstCr = -1
  let stopped = false

  const parser: NatsParser = {
    connectOnly: false,
    withoutHeaders: false,
    push(chunk) {
      let at = 0
      while (at < chunk.length && !stopped) {
        const next = wantedBytes > 0 ? continueBody(chunk, at) : readLine(chunk, at)
        if (typeof next === 'string') {
          stopped = true
          return next
        }
        at = next
      }
      return undefined
    },
    stop() {
      stopped = true
    },
  }
  return parser

  // Each of the following gives where to read on, or what is wrong.

  function readLine(chunk: Buffer, at: number): number | ProtocolFault {
    if (heldBytes > 0) return continueLine(chunk, at)
    if (parser.connectOnly && ((chunk[at] as number) | 32) !== 99) return 'not-authenticated'
    const newline = scan(chunk, at, chunk.length)
    return newline === -1 ? hold(chunk, at, chunk.length) : readOperation(chunk, at, newline)
  }

  function continueLine(chunk: Buffer, at: number): number | ProtocolFault {
    const newline = chunk.indexOf(lf, at)
    const next = hold(chunk, at, newline === -1 ? chunk.length : newline + 1)
    if (newline === -1 || typeof next === 'string') return next
    const end = heldBytes - 1
    heldBytes = 0
    scan(held, 0, end + 1)
    const outcome = readOperation(held, 0, end)
    if (typeof outcome === 'string') return outcome
    // The line was in `held`; a payload begins in the chunk.
    return wantedBytes > 0 ? startBody(chunk, next) : next
  }

  function hold(chunk: Buffer, start: number, end: number): number | ProtocolFault {
    const total = heldBytes + end - start
    if (total > maxHeldBytes) return 'control-line'
    if (total > held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(maxHeldBytes, Math.max(256, total * 2)))
      held.copy(grown, 0, 0, heldBytes)
      held = grown
    }
    chunk.copy(held, heldBytes, start, end)
    heldBytes = total
    return end
  }

  // Notes where the words stand, up to the newline, whose place it gives; -1 when there is none.
  function scan(buffer: Buffer, start: number, end: number): number {
    const { starts, ends } = frame
    let count = 0
    let inWord = false
    firstCr = -1
    for (let at = start; at < end; at++) {
      const byte = buffer[at] as number
      if (byte > 32 || (byte !== 32 && byte !== lf && byte !== cr && byte !== 9)) {
        if (inWord) continue
        // Six are the most that an operation can have; a seventh is remembered to be refused.
        if (count < 7) starts[count] = at
        inWord = true
        continue
      }
      if (byte === cr && firstCr === -1) firstCr = at
      if (inWord) {
        if (count < 7) ends[count++] = at
        inWord = false
      }
      if (byte === lf) {
        frame.count = count
        return at
      }
    }
    return -1
  }

  function readOperation(buffer: Buffer, start: number, newline: number): number | ProtocolFault {
    const { starts, ends } = frame
    if (frame.count === 0 || starts[0] !== start) return 'unknown-operation'
    const verb = verbOf(buffer, start, (ends[0] as number) - start, side)
    if (verb === undefined) return 'unknown-operation'
    const verbEnd = ends[0] as number
    const end = newline > start && buffer[newline - 1] === cr ? newline - 1 : newline
    const argsStart = argumentsStart(verb, start, end)
    if (end - argsStart > maxControlLineBytes) return 'control-line'
    frame.verb = verb
    frame.line = buffer
    frame.argsStart = argsStart
    frame.argsEnd = end
    frame.count--
    // The verb's own place is dropped: arguments count from 0.
    for (let index = 0; index < frame.count; index++) {
      starts[index] = starts[index + 1] as number
      ends[index] = ends[index + 1] as number
    }
    // As nats-server reads it: what lacks the blank after its verb is no operation, what lacks what comes after the blank has wrong arguments.
    if (frame.count === 0 && needsArguments(verb)) return isBlank(buffer[verbEnd]) ? 'bad-arguments' : 'unknown-operation'
    if (verb === Verb.pub || verb === Verb.msg || verb === Verb.hpub || verb === Verb.hmsg) return announceBody(buffer, newline + 1)
    onFrame(frame)
    return newline + 1
  }

  function argumentsStart(verb: Verb, start: number, end: number): number {
    // `CONNECT{}` is CONNECT too, for nats-server, and `INFO{}` INFO; elsewhere white space has ended the verb.
    if (verb === Verb.connect) return start + 7
    if (verb === Verb.info) return start + 4
    return frame.count > 1 ? (frame.starts[1] as number) : end
  }

  function announceBody(buffer: Buffer, next: number): number | ProtocolFault {
    const { verb, count } = frame
    const withHeaders = verb === Verb.hpub || verb === Verb.hmsg
    const least = (verb === Verb.pub || verb === Verb.hpub ? 2 : 3) + (withHeaders ? 1 : 0)
    if (withHeaders && parser.withoutHeaders) return 'bad-arguments'
    // A CR anywhere but at the end: somebody else may read two lines where this one reads one.
    if (firstCr !== -1 && firstCr !== next - 2) return 'bad-arguments'
    if (count !== least && count !== least + 1) return 'bad-arguments'
    const size = readNumber(buffer, frame.starts[count - 1] as number, frame.ends[count - 1] as number)
    const headerBytes = withHeaders ? readNumber(buffer, frame.starts[count - 2] as number, frame.ends[count - 2] as number) : 0
    if (size < 0 || headerBytes < 0 || headerBytes > size) return 'bad-arguments'
    if (size > maxPayloadBytes) return 'max-payload'
    frame.headerBytes = headerBytes
    wantedBytes = size + 2
    return buffer === held ? next : startBody(buffer, next)
  }

  function startBody(chunk: Buffer, at: number): number | ProtocolFault {
    if (at + wantedBytes <= chunk.length) return finishBody(chunk, at)
    if (frame.line !== held) keepLine()
    body = Buffer.allocUnsafeSlow(Math.min(wantedBytes, Math.max(firstBodyBytes, chunk.length - at)))
    bodyBytes = 0
    return at < chunk.length ? continueBody(chunk, at) : at
  }

  // The chunk with the line goes away before the payload is whole.
  function keepLine(): void {
    const from = frame.argsStart
    hold(frame.line, from, frame.argsEnd)
    heldBytes = 0
    for (let index = 0; index < frame.count; index++) {
      frame.starts[index] = (frame.starts[index] as number) - from
      frame.ends[index] = (frame.ends[index] as number) - from
    }
    frame.argsEnd -= from
    frame.argsStart = 0
    frame.line = held
  }

  function continueBody(chunk: Buffer, at: number): number | ProtocolFault {
    const taken = Math.min(wantedBytes - bodyBytes, chunk.length - at)
    if (bodyBytes + taken > body.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(wantedBytes, Math.max(body.length * 2, bodyBytes + taken)))
      body.copy(grown, 0, 0, bodyBytes)
      body = grown
    }
    chunk.copy(body, bodyBytes, at, at + taken)
    bodyBytes += taken
    if (bodyBytes < wantedBytes) return at + taken
    const outcome = finishBody(body, 0)
    body = Buffer.alloc(0)
    return typeof outcome === 'string' ? outcome : at + taken
  }

  function finishBody(buffer: Buffer, at: number): number | ProtocolFault {
    const end = at + wantedBytes - 2
    wantedBytes = 0
    if (buffer[end] !== cr || buffer[end + 1] !== lf) return 'unknown-operation'
    frame.body = buffer
    frame.bodyStart = at
    frame.bodyEnd = end
    onFrame(frame)
    return end + 2
  }
}
