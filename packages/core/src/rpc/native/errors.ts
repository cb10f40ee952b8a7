import { MicroError } from '../../base/index.js'

/** The failures of the native framing, each made in one place. */
export const nativeErrors = {
  /** What an ERROR frame holds is no error of ours: it is passed on as it stands. */
  unreadable: (text: string) => new MicroError('unknown', text, { reason: 'UNKNOWN' }),

  /** Bytes that the layout does not allow. The connection ends with it. */
  protocolBroken: (why: string) =>
    new MicroError('internal', `Cannot go on with the connection: ${why}`, {
      reason: 'PROTOCOL_BROKEN',
      hint: 'Both ends follow docs/protocol.md; is there a proxy between them that changes bytes?',
      details: { why },
    }),

  /** The first bytes of the other side are another protocol. */
  prefaceInvalid: () =>
    new MicroError('unimplemented', 'Cannot speak the native framing: the other side begins with another protocol', {
      reason: 'PREFACE_INVALID',
      hint: 'Call it over HTTP, as nodes without `micro` in their metadata are called.',
    }),

  /** A preface of another time. */
  versionUnsupported: (found: number, wanted: number) =>
    new MicroError('unimplemented', `Cannot speak the native framing: the other side has version ${found}, wanted ${wanted}`, {
      reason: 'VERSION_UNSUPPORTED',
      hint: 'Call it over HTTP, or bring both to one version of @microts/core.',
      details: { found, wanted },
    }),

  /** Connected, and then nothing. */
  handshakeTimeout: (timeoutMs: number) =>
    new MicroError('deadline_exceeded', `Gave up the connection: the other side did not introduce itself within ${timeoutMs} ms`, {
      reason: 'HANDSHAKE_TIMEOUT',
      hint: 'Does a Micro service listen there, or something else?',
      details: { timeoutMs },
    }),

  /** Neither a frame nor the answer to a ping. */
  peerSilent: (silentMs: number) =>
    new MicroError('unavailable', `Lost the connection: the other side has said nothing for ${silentMs} ms, and does not answer a ping`, {
      reason: 'PEER_SILENT',
      hint: 'Did its process or its machine stop?',
      details: { silentMs },
    }),

  /** A message over what the reading side takes; refused before it is kept. */
  messageTooLarge: (bytes: number, maxBytes: number) =>
    new MicroError('resource_exhausted', `Cannot carry the message: it has ${bytes} bytes, at most ${maxBytes} are taken`, {
      reason: 'FRAME_TOO_LARGE',
      hint: 'Send less at once, as a stream, or raise `maxBytes` on the receiving side.',
      details: { bytes, maxBytes },
    }),

  /** As many calls in work on one connection as the other side takes. Nothing was sent. */
  tooManyCalls: (maxCalls: number) =>
    new MicroError('resource_exhausted', `Cannot begin another call: ${maxCalls} are in work on this connection, and no more are taken`, {
      reason: 'TOO_MANY_CALLS',
      hint: 'Wait for some of them, or call less at once.',
      details: { maxCalls },
    }),

  /** What was to be sent waits for a peer that does not read. Nothing of this call was sent. */
  outboxFull: (bytes: number) =>
    new MicroError('resource_exhausted', `Cannot send more: ${bytes} bytes wait for the other side to read them`, {
      reason: 'OUTBOX_FULL',
      hint: 'The other side is slower than its callers; call less at once, or run more copies of it.',
      details: { bytes },
    }),

  /** Bodies of calls in work, unread messages and halves of messages: together more than one connection may hold. */
  tooMuchHeld: (maxHeldBytes: number) =>
    new MicroError(
      'resource_exhausted',
      `Cannot take more of this connection: what it holds in memory would exceed ${maxHeldBytes} bytes`,
      {
        reason: 'CONNECTION_OVERLOADED',
        hint: 'Send less at once, or wait for calls to finish.',
        details: { maxHeldBytes },
      },
    ),

  /** A caller that begins and cancels faster than work can be stopped. */
  tooManyCancels: () =>
    new MicroError('resource_exhausted', 'Cannot go on with the connection: it cancels calls faster than they end', {
      reason: 'TOO_MANY_CANCELS',
      hint: 'Give calls more time, or make fewer.',
    }),

  /** Metadata that would not arrive as it was sent, or that did not arrive as it may be sent. */
  metadataInvalid: (why: string) =>
    new MicroError('invalid_argument', `Cannot carry the metadata: ${why}`, {
      reason: 'METADATA_INVALID',
      hint: 'Names are small letters, digits and dashes, at most 255 of them; values have no control characters; together at most 8 KiB.',
      details: { why },
    }),

  /** A stream for a caller who asked for one value. */
  replyIsStream: (endpoint: string) =>
    new MicroError('failed_precondition', `Cannot answer with ${endpoint}: it gives a stream, and the caller takes one value`, {
      reason: 'REPLY_IS_STREAM',
      hint: 'Call it as a stream.',
      details: { endpoint },
    }),

  /** Names that do not fit into a frame. */
  routeTooLong: (service: string, endpoint: string) =>
    new MicroError('invalid_argument', 'Cannot call an endpoint: the names of service and endpoint are at most 255 bytes each', {
      reason: 'ROUTE_TOO_LONG',
      details: { service: service.slice(0, 300), endpoint: endpoint.slice(0, 300) },
    }),

  /** What is being said to a node that no longer begins anything. Nothing was sent. */
  goingAway: (service: string) =>
    new MicroError('unavailable', `Cannot call "${service}" on this connection: its node is going away`, {
      reason: 'GOING_AWAY',
      hint: 'Call again: another node takes it.',
      details: { service },
    }),
}
