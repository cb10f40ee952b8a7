import { type Code, didYouMean, MicroError, nearest } from '../base/index.js'

/** The failures of calls, each made in one place. */
export const rpcErrors = {
  /** No node of that service. `reason` of the registry: what a person should know about the look-up. */
  serviceNotFound: (service: string, known: readonly string[], explanation: string | undefined) => {
    const meant = didYouMean(service, known)
    return new MicroError(
      'unavailable',
      `Cannot call "${service}": no node of it is registered${explanation === undefined ? '' : ` (${explanation})`}`,
      {
        reason: 'SERVICE_NOT_FOUND',
        hint: `${meant === undefined ? 'Is it running?' : `${capital(meant)} Else: is it running?`} \`micro services\` lists those that are.`,
        details: { service, nearest: nearest(service, known) },
      },
    )
  },

  /** Nodes are there, but none that this client can speak to. */
  protocolNotSpoken: (service: string, protocols: readonly string[]) =>
    new MicroError(
      'unimplemented',
      `Cannot call "${service}": its nodes speak ${protocols.map((name) => `"${name}"`).join(' and ')}, wanted "mucp"`,
      {
        reason: 'PROTOCOL_NOT_SPOKEN',
        hint: 'Choose a transport that speaks it (`transport: grpc`), or run the service with the default server.',
        details: { service, protocols },
      },
    ),

  /** A call of something that the service does not have. */
  endpointNotFound: (service: string, endpoint: string, known: readonly string[]) => {
    const near = nearestEndpoints(endpoint, known)
    const meant = near.length === 0 ? undefined : `Did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`
    return new MicroError('unimplemented', `Cannot call "${endpoint}" of "${service}": it has no such endpoint`, {
      reason: 'ENDPOINT_NOT_FOUND',
      hint: `${meant === undefined ? '' : `${meant} `}\`micro describe ${service}\` lists them all.`,
      details: { service, endpoint, nearest: near },
    })
  },

  /** A call that names no endpoint. */
  endpointMissing: (service: string) =>
    new MicroError('invalid_argument', `Cannot tell what to call of "${service}": the request names no endpoint`, {
      reason: 'ENDPOINT_MISSING',
      hint: 'Send the header Micro-Endpoint: Handler.Method.',
      details: { service },
    }),

  /** A service that is going away. It has not begun the work, so another node may be asked. */
  draining: (service: string) =>
    new MicroError('unavailable', `Cannot call "${service}" here: this node is shutting down`, {
      reason: 'DRAINING',
      hint: 'Call again: another node takes it.',
      details: { service },
    }),

  /** Work that was cut off by the end of the server. */
  serverClosed: (service: string, endpoint: string) =>
    new MicroError('unavailable', `Gave up ${endpoint}: the node of "${service}" was stopped while it ran`, {
      reason: 'SERVER_CLOSED',
      hint: 'Call again if running it twice does no harm.',
      details: { service, endpoint },
    }),

  /** Something that the endpoint's author did not foresee. Its text stays on the server, since it may hold secrets. */
  internal: (service: string, endpoint: string, cause: unknown) =>
    new MicroError('internal', `Cannot finish ${endpoint} of "${service}": it failed in a way that it does not explain`, {
      reason: 'INTERNAL',
      hint: `The log of "${service}" has the error: \`micro logs ${service}\`.`,
      details: { service, endpoint },
      cause,
    }),

  /** A reply that is not what the endpoint promises. */
  outputMismatch: (endpoint: string, cause: MicroError) =>
    new MicroError('internal', `Cannot reply from ${endpoint}: what it gave does not fit its output schema`, {
      reason: 'OUTPUT_MISMATCH',
      hint: 'Mend what the handler returns, or its schema.',
      details: { endpoint, issues: cause.details?.['issues'] },
      cause,
    }),

  /** A reply that no codec can write. */
  outputNotEncodable: (endpoint: string, cause: MicroError) =>
    new MicroError('internal', `Cannot reply from ${endpoint}: ${cause.message}`, {
      reason: 'OUTPUT_NOT_ENCODABLE',
      hint: 'Mend what the handler returns.',
      details: { endpoint },
      cause,
    }),

  /** Streams are not part of what a call can be here. */
  streamsUnsupported: (endpoint: string) =>
    new MicroError('unimplemented', `Cannot open a stream to "${endpoint}": this server takes single calls only`, {
      reason: 'STREAMS_NOT_SUPPORTED',
      hint: 'Call it without streaming.',
      details: { endpoint },
    }),

  /** An event over the RPC port of a service that takes none. */
  topicNotSubscribed: (service: string, topic: string) =>
    new MicroError('unimplemented', `Cannot deliver "${topic}" to "${service}": it has no subscriber there`, {
      reason: 'TOPIC_NOT_SUBSCRIBED',
      hint: 'Publish through the broker.',
      details: { service, topic },
    }),

  /** A subscriber that failed; what it said stays on the server, unless it said it in our words. */
  subscriberFailed: (topic: string, error: MicroError) =>
    new MicroError(error.code, `subscriber error: ${error.message}`, { reason: error.reason, details: { topic } }),

  /** A content type that nobody here reads. */
  contentTypeUnsupported: (contentType: string, hint = 'Send application/json, without parameters.') =>
    new MicroError('invalid_argument', `Cannot read the body: unsupported Content-Type: ${contentType}`, {
      reason: 'CONTENT_TYPE_UNSUPPORTED',
      hint,
      details: { contentType },
    }),

  /** An envelope that is not what its content type says. */
  envelopeInvalid: (framing: string, why: string) =>
    new MicroError('invalid_argument', `Cannot read the ${framing} envelope: ${why}`, { reason: 'ENVELOPE_INVALID' }),

  /** A reply whose content type nobody here reads. A Go server answers in text when it does not know the request's. */
  replyNotReadable: (service: string, contentType: string, body: string) =>
    new MicroError(
      'internal',
      `Cannot read the reply of "${service}": its content type is "${contentType}"${body === '' ? '' : `, its text "${body}"`}`,
      {
        reason: 'REPLY_NOT_READABLE',
        hint: 'Does the service know the codec of this client? `codecs` names those that are read.',
        details: { service, contentType, body },
      },
    ),

  /** The other side hung up instead of answering. Whether it did the work is unknown. */
  connectionLost: (service: string, address: string, cause?: unknown) =>
    new MicroError('unavailable', `Lost the connection to "${service}" at ${address}: it ended before the answer came`, {
      reason: 'CONNECTION_LOST',
      hint: `Did the process stop? \`micro logs ${service}\` says why.`,
      details: { service, address },
      cause,
    }),

  /** What another service said, in its own words. */
  remote: (code: Code, detail: string, goMicro: Readonly<Record<string, unknown>>) =>
    new MicroError(code, detail, { reason: 'REMOTE_ERROR', details: { goMicro } }),

  /** A page in a browser that calls a service of another origin. */
  crossSite: (origin: string) =>
    new MicroError('permission_denied', `Cannot answer a web page of ${origin}: it is of another origin`, {
      reason: 'CROSS_SITE',
      hint: 'Call from a server, or put a gateway before the service that allows that origin.',
      details: { origin },
    }),

  /** What a service says of itself is for whoever runs it. */
  pageNotShown: (path: string) =>
    new MicroError('permission_denied', `Cannot show ${path}: the caller is not on the service's own host`, {
      reason: 'PAGE_NOT_SHOWN',
      hint: 'Ask from that host, or start the service with MICRO_SERVER_PAGES=anyone where its network keeps others out.',
      details: { path },
    }),

  /** Endpoints are called with POST, the health of a service is read with GET. */
  methodNotAllowed: (method: string, path: string, allowed: 'GET' | 'POST') =>
    new MicroError('unimplemented', `Cannot ${method} ${path}: it takes ${allowed}`, {
      reason: 'METHOD_NOT_ALLOWED',
      hint: allowed === 'GET' ? `curl http://<address>${path}` : `curl -H 'content-type: application/json' -d '{}' http://<address>${path}`,
      details: { method, path, allowed },
    }),

  /** A path that is no endpoint. */
  pathNotFound: (service: string, path: string, known: readonly string[]) => {
    const near = nearestEndpoints(path.slice(path.lastIndexOf('/') + 1), known)
    const meant = near.length === 0 ? undefined : `Did you mean ${near.map((name) => `"/${name}"`).join(' or ')}?`
    return new MicroError('unimplemented', `Cannot answer ${path}: "${service}" has no such endpoint`, {
      reason: 'ENDPOINT_NOT_FOUND',
      hint: `${meant === undefined ? '' : `${meant} `}\`micro describe ${service}\` lists them all.`,
      details: { service, path, nearest: near },
    })
  },
}

// Half of what people mistype is one part of the name, and the other part is what they meant: all of `Orders.*` for an unknown `Orders.X`.
function nearestEndpoints(endpoint: string, known: readonly string[]): string[] {
  const near = nearest(endpoint, known)
  if (near.length > 0) return near
  const [handler, method] = endpoint.toLowerCase().split('.')
  return known
    .filter((name) => {
      const [knownHandler, knownMethod] = name.toLowerCase().split('.')
      return knownHandler === handler || (method !== undefined && knownMethod === method)
    })
    .slice(0, 3)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
