import { copyBytes, writeNumber, type Outbox } from '../wire/outbox.js'

/** What a client publishes, as bytes. One object serves for all publishes of a client, so that none costs an object. */
export interface Publication {
  subject: Buffer
  /** Where the answer is wanted: the first `replyBytes` of it. */
  reply: Buffer
  replyBytes: number
  headers: Uint8Array | undefined
  payload: Uint8Array
}

const none = Buffer.alloc(0)

/** A {@link Publication} of nothing. */
export const emptyPublication = (): Publication => ({ subject: none, reply: none, replyBytes: 0, headers: undefined, payload: none })

// Operation, two numbers and what separates the words take less.
const fixedBytes = 40

/** The most bytes that {@link writePublication} writes. */
export function publicationBytes({ subject, replyBytes, headers, payload }: Publication): number {
  return fixedBytes + subject.length + replyBytes + payload.length + (headers === undefined ? 0 : headers.length)
}

/** Writes PUB, or HPUB when there are headers, where there is room for `publicationBytes`. */
export function writePublication(outbox: Outbox, publication: Publication): void {
  const { subject, reply, replyBytes, headers, payload } = publication
  const { slab } = outbox
  let at = outbox.at
  if (headers !== undefined) slab[at++] = 72 // H
  slab[at++] = 80 // P
  slab[at++] = 85 // U
  slab[at++] = 66 // B
  slab[at++] = 32
  at = copyBytes(slab, at, subject, 0, subject.length)
  slab[at++] = 32
  if (replyBytes > 0) {
    at = copyBytes(slab, at, reply, 0, replyBytes)
    slab[at++] = 32
  }
  if (headers !== undefined) {
    at = writeNumber(slab, at, headers.length)
    slab[at++] = 32
    at = writeNumber(slab, at, headers.length + payload.length)
    slab[at++] = 13
    slab[at++] = 10
    at = copyBytes(slab, at, headers, 0, headers.length)
  } else {
    at = writeNumber(slab, at, payload.length)
    slab[at++] = 13
    slab[at++] = 10
  }
  at = copyBytes(slab, at, payload, 0, payload.length)
  slab[at++] = 13
  slab[at++] = 10
  outbox.at = at
}
