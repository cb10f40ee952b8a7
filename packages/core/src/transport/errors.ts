import { baseErrors, type Code, MicroError } from '../base/index.js'

/** The failures of transports, each made in one place. */
export const transportErrors = {
  /** An address that is not `host:port`. */
  addressInvalid: (address: string) =>
    new MicroError('invalid_argument', `Cannot use the address "${address}": it is not host:port`, {
      reason: 'ADDRESS_INVALID',
      hint: 'Write it as 127.0.0.1:8080, [::1]:8080 or example.org:8080; port 0 listens on any free one.',
      details: { address },
    }),

  /** What answers plain HTTP has thrown. What it threw may hold secrets, so nothing of it is told. */
  webFailed: () =>
    new MicroError('internal', 'Cannot answer: the service failed', { reason: 'INTERNAL', hint: "The service's log says why." }),

  /** Plain HTTP at a port that takes none. */
  noWeb: () =>
    new MicroError('not_found', 'Cannot answer plain HTTP: this port speaks RPC only', {
      reason: 'NO_WEB',
      hint: 'Call it as go-micro does, or with `micro call`.',
    }),

  /** Bytes that are no HTTP request, or one that two readers could understand differently. */
  requestMalformed: (why: string) =>
    new MicroError('invalid_argument', `Cannot read the request: ${why}`, {
      reason: 'REQUEST_MALFORMED',
      hint: 'Does the client speak HTTP/1.1, and nothing between it and this port change what it sends?',
      details: { why },
    }),

  /** A request line and headers that are too large or too many. */
  headTooLarge: (why: string) =>
    new MicroError('resource_exhausted', `Cannot read the request: ${why}`, {
      reason: 'HEAD_TOO_LARGE',
      hint: 'Send large data in the body, and less metadata.',
      details: { why },
    }),

  /** A request that did not come to its end. */
  requestTimeout: (timeoutMs: number) =>
    new MicroError('deadline_exceeded', `Gave up reading the request: it was not there within ${timeoutMs} ms`, {
      reason: 'REQUEST_TIMEOUT',
      hint: 'Send the whole request at once.',
      details: { timeoutMs },
    }),

  /** Plain bytes at a port that speaks TLS only. */
  tlsNeeded: () =>
    new MicroError('failed_precondition', 'Cannot answer: this port speaks TLS only', {
      reason: 'TLS_NEEDED',
      hint: 'Use https:// and a client that trusts the certificate.',
    }),

  /** A certificate or key that TLS does not take. */
  tlsInvalid: (why: string, cause: unknown) =>
    new MicroError('invalid_argument', `Cannot listen with TLS: ${why}`, {
      reason: 'TLS_INVALID',
      hint: 'Give a certificate and its key in PEM, as `openssl req -x509 -newkey ec ...` writes them.',
      cause,
    }),

  /** A frame to send on a connection on which nobody asked for one. */
  nothingToAnswer: () => baseErrors.unimplemented('the http transport', 'concurrent', 'Answer each frame once.'),

  /** Nothing was sent, so the same call is safe on another node. */
  connectFailed: (address: string, cause?: unknown) =>
    new MicroError('unavailable', `Cannot connect to ${address}: ${whyOf(cause) ?? 'nobody listens there'}`, {
      reason: 'CONNECT_FAILED',
      hint: 'Is the service running? `micro services` lists those that are.',
      details: { address },
      cause,
    }),

  /** Nothing was sent, so the same call is safe on another node. */
  connectTimeout: (address: string, timeoutMs: number) =>
    new MicroError('deadline_exceeded', `Gave up connecting to ${address}: no answer within ${timeoutMs} ms`, {
      reason: 'CONNECT_TIMEOUT',
      hint: 'Is the address right, and does no firewall drop it? Allow more with `timeoutMs`.',
      details: { address, timeoutMs },
    }),

  /** `holder`: the process that has the port, where the system tells. */
  portTaken: (address: string, holder: string | undefined, cause?: unknown) =>
    new MicroError('unavailable', `Cannot listen at ${address}: ${holder ?? 'another process'} has the port`, {
      reason: 'PORT_TAKEN',
      hint: 'Stop that process, or listen elsewhere: MICRO_SERVER_ADDRESS=127.0.0.1:0 takes any free port.',
      details: { address, ...(holder === undefined ? {} : { holder }) },
      cause,
    }),

  /** An address that this machine does not have, or may not use. */
  listenFailed: (address: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot listen at ${address}: ${whyOf(cause) ?? 'the system refuses'}`, {
      reason: 'LISTEN_FAILED',
      hint: 'Use an address of this machine (127.0.0.1, 0.0.0.0) and a port over 1023.',
      details: { address },
      cause,
    }),

  /** `bytes`: how large it is, where that is known before it has all been read. */
  frameTooLarge: (bytes: number | undefined, maxBytes: number) =>
    new MicroError(
      'resource_exhausted',
      `Cannot carry the frame: its body has ${bytes ?? `over ${maxBytes}`} bytes, at most ${maxBytes} are taken`,
      {
        reason: 'FRAME_TOO_LARGE',
        hint: 'Send less at once, or raise `maxBytes` on the receiving side.',
        details: { maxBytes, ...(bytes === undefined ? {} : { bytes }) },
      },
    ),

  /** A header that would not arrive as it was sent. */
  headerInvalid: (name: string, why: string) =>
    new MicroError('invalid_argument', `Cannot send the header ${JSON.stringify(name)}: ${why}`, {
      reason: 'HEADER_INVALID',
      hint: 'Names are letters, digits and dashes; values have no control characters and no spaces at their ends.',
      details: { name },
    }),

  /** It ended in an orderly way, on this side or the other. */
  connectionClosed: (address: string) =>
    new MicroError('unavailable', `Cannot send to ${address}: the connection is closed`, {
      reason: 'CONNECTION_CLOSED',
      hint: 'Open another connection.',
      details: { address },
    }),

  /** It broke. Whether the other side did what it was asked is unknown. */
  connectionLost: (address: string, cause?: unknown) =>
    new MicroError('unavailable', `Lost the connection to ${address}: ${whyOf(cause) ?? 'the other side ended it'}`, {
      reason: 'CONNECTION_LOST',
      hint: 'Did the process at the other end stop? Its log says why.',
      details: { address },
      cause,
    }),

  /** Bytes that are not the protocol. */
  notUnderstood: (address: string, why: string) =>
    new MicroError('internal', `Cannot read the answer of ${address}: ${why}`, {
      reason: 'ANSWER_NOT_UNDERSTOOD',
      hint: 'Does a Micro service listen there, or something else?',
      details: { address, why },
    }),

  /** An HTTP status that is no answer to a frame. go-micro shows such a reply as `"<status>: <body>"`. */
  httpStatus: (address: string, status: number, body: string) =>
    new MicroError(codeOfStatus(status), `${address} answered with HTTP status ${status}${body === '' ? '' : `: ${body.slice(0, 200)}`}`, {
      reason: 'HTTP_STATUS',
      hint: 'Does a Micro service listen there, or a proxy in front of it?',
      details: { address, status, body: body.slice(0, 1000) },
    }),
}

// Of what stands between two services (proxies, load balancers); what services themselves say travels in a header, with status 200.
function codeOfStatus(status: number): Code {
  if (status === 502 || status === 503 || status === 504) return 'unavailable'
  if (status === 429) return 'resource_exhausted'
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'permission_denied'
  return 'unknown'
}

function whyOf(cause: unknown): string | undefined {
  const code = (cause as { code?: unknown } | undefined)?.code
  if (code === 'ECONNREFUSED') return 'nobody listens there'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no such host'
  if (code === 'EACCES') return 'not permitted'
  if (code === 'EADDRNOTAVAIL') return 'this machine does not have that address'
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the other side ended it'
  return cause instanceof Error && cause.message !== '' ? cause.message : undefined
}
