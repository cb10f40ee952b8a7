import { copyBytes, writeNumber, type Outbox } from './outbox.js'
import { hasReply, type Frame } from './parser.js'
import { Verb } from './verbs.js'

// Operation, two numbers and what separates the words take less.
const fixedBytes = 40

/** The most bytes that {@link writeMessage} writes. */
export function messageBytes(frame: Frame, sid: Buffer): number {
  return fixedBytes + (frame.argsEnd - frame.argsStart) + sid.length + (frame.bodyEnd - frame.bodyStart)
}

/** Writes a published frame as MSG or, `withHeaders`, as HMSG for the subscription `sid`; without them its headers are left out. */
export function writeMessage(outbox: Outbox, sid: Buffer, frame: Frame, withHeaders: boolean): void {
  outbox.reserve(messageBytes(frame, sid))
  const { slab } = outbox
  const { line, body, bodyEnd } = frame
  const bodyStart = withHeaders ? frame.bodyStart : frame.bodyStart + frame.headerBytes
  let at = outbox.at
  if (withHeaders) slab[at++] = 72 // H
  slab[at++] = 77 // M
  slab[at++] = 83 // S
  slab[at++] = 71 // G
  slab[at++] = 32
  at = copyBytes(slab, at, line, frame.starts[0] as number, frame.ends[0] as number)
  slab[at++] = 32
  at = copyBytes(slab, at, sid, 0, sid.length)
  slab[at++] = 32
  if (hasReply(frame)) {
    at = copyBytes(slab, at, line, frame.starts[1] as number, frame.ends[1] as number)
    slab[at++] = 32
  }
  const sizeEnd = frame.ends[frame.count - 1] as number
  if (line === body && frame.verb === Verb.pub && bodyStart - sizeEnd === 2) {
    // Size, CR LF, payload, CR LF lie there as they are wanted: one copy.
    outbox.at = copyBytes(slab, at, line, frame.starts[frame.count - 1] as number, bodyEnd + 2)
    return
  }
  if (withHeaders) {
    at = writeNumber(slab, at, frame.headerBytes)
    slab[at++] = 32
  }
  at = writeNumber(slab, at, bodyEnd - bodyStart)
  slab[at++] = 13
  slab[at++] = 10
  at = copyBytes(slab, at, body, bodyStart, bodyEnd)
  slab[at++] = 13
  slab[at++] = 10
  outbox.at = at
}
