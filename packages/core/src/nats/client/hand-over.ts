import type { NatsClient, NatsPublishOptions } from '../nats.js'
import { hasReply, natsParser } from '../wire/parser.js'
import { textArgument } from '../wire/message.js'
import { Verb } from '../wire/verbs.js'

/** What a client has not brought to its server. */
export interface HandOver {
  /** In their order. */
  readonly publications: readonly { readonly subject: string; readonly payload: Uint8Array; readonly options: NatsPublishOptions }[]
  /** Who waits until the server has seen what was sent before. */
  readonly flushes: readonly { readonly resolve: () => void; readonly reject: (error: Error) => void }[]
}

/** A client whose place another one can take: in another process' server, or in this one's. */
export interface InnerClient extends NatsClient {
  /** Closes it, and gives what the next one has to do in its place. Nobody is told. */
  handOver(): HandOver
}

/** Reads what waits for a socket: the publications among it, their bytes shared. */
export function readPublications(parts: readonly Buffer[]): HandOver['publications'] {
  const publications: { subject: string; payload: Uint8Array; options: NatsPublishOptions }[] = []
  const parser = natsParser({
    side: 'server',
    // What was written here was checked before.
    maxControlLineBytes: Number.MAX_SAFE_INTEGER,
    maxPayloadBytes: Number.MAX_SAFE_INTEGER,
    onFrame(frame) {
      if (frame.verb !== Verb.pub && frame.verb !== Verb.hpub) return
      const headersEnd = frame.bodyStart + frame.headerBytes
      const options = {
        ...(hasReply(frame) ? { reply: textArgument(frame, 1) } : {}),
        ...(frame.verb === Verb.hpub ? { headers: frame.body.subarray(frame.bodyStart, headersEnd) } : {}),
      }
      publications.push({ subject: textArgument(frame, 0), payload: frame.body.subarray(headersEnd, frame.bodyEnd), options })
    },
  })
  for (const part of parts) parser.push(part)
  return publications
}
