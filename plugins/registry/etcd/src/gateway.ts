import { baseErrors, MicroError, type Clock } from '@microts/core/base'
import type { Endpoint } from './endpoints.js'
import { etcdErrors, messageOf, type EndpointFailure } from './errors.js'
import { openHttp, type Lines, type Reply } from './http.js'

/** An object out of etcd's JSON. Numbers of 64 bits are texts there; what is zero, false or empty is left out. */
export type Json = Readonly<Record<string, unknown>>

/** etcd's JSON gateway: any endpoint that answers, logged in. */
export interface Gateway {
  /** The endpoint that answered last. */
  readonly url: string
  /** Why none is reached, and since when on the monotonic clock; undefined while one is. */
  readonly away: { readonly why: string; readonly sinceMs: number } | undefined
  /**
   * The reply to one request, or to several in one body, line by line. Each endpoint is tried once. `what` is for messages: `look up "orders"`.
   *
   * @throws `unavailable`/`REGISTRY_UNAVAILABLE`, {@link EtcdRefusal}, or what stands in errors.ts
   */
  call(what: string, path: string, body: Json | readonly Json[]): Promise<readonly Json[]>
  /** A reply that goes on. Its lines may throw what `call` throws. */
  open(what: string, path: string, body: Json): Promise<Stream>
  /** A stream of this endpoint ended by itself: says so, unless it is known already. */
  lost(url: string, cause: unknown): void
  /** The next request logs in anew. */
  forgetLogin(): void
  close(): void
}

/** Objects as they come. */
export interface Stream extends AsyncIterable<Json> {
  readonly url: string
  keepAlive(isKept: boolean): void
  close(): void
}

/** How to make a {@link Gateway}. */
export interface GatewayOptions {
  /** In the order in which they are tried. */
  readonly endpoints: readonly Endpoint[]
  /** PEM. */
  readonly ca: string | undefined
  readonly prefix: string
  readonly timeoutMs: number
  readonly clock: Clock
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

/** etcd's own no, with gRPC's number, for the caller to understand: 5 a lease that is not there, 11 a revision that is compacted. */
export class EtcdRefusal extends Error {
  readonly grpcCode: number
  readonly url: string
  constructor(url: string, grpcCode: number, text: string) {
    super(text)
    this.url = url
    this.grpcCode = grpcCode
  }
}

const codes = { deadline: 4, notFound: 5, permission: 7, outOfRange: 11, unavailable: 14, unauthenticated: 16 } as const

/** Whether etcd says that the lease is not there. */
export const isLeaseGone = (error: unknown) => error instanceof EtcdRefusal && error.grpcCode === codes.notFound

/** Whether etcd says that it does not remember that revision. */
export const isCompacted = (error: unknown) => error instanceof EtcdRefusal && error.grpcCode === codes.outOfRange

const shownLength = 60
// A member that has lost its cluster would otherwise answer nothing for seconds, and its watches would stay silent.
const leaderHeader = { 'grpc-metadata-hasleader': 'true' }

/** Opens a {@link Gateway}. Nothing is asked before the first call. */
export function openGateway({ endpoints, ca, prefix, timeoutMs, clock, warn }: GatewayOptions): Gateway {
  const http = openHttp({ ca, clock })
  let current = 0
  let away: Gateway['away']
  let toldWhy = ''
  let hasAnswered = false
  let isClosed = false
  let token: string | undefined
  let loggingIn: Promise<void> | undefined

  const here = () => endpoints[current] as Endpoint

  function answered(index: number): void {
    current = index
    hasAnswered = true
    if (away === undefined) return
    const awayMs = Math.round(clock.monotonicMs() - away.sinceMs)
    away = undefined
    toldWhy = ''
    warn(`reached etcd again, at ${here().url}`, { url: here().url, awayMs })
  }

  function lost(url: string, cause: unknown): void {
    // Who creates the registry is told by an error.
    if (isClosed || !hasAnswered) return
    const why = messageOf(cause)
    away = { why, sinceMs: away?.sinceMs ?? clock.monotonicMs() }
    // A new reason is worth a line, an attempt is not.
    if (why === toldWhy) return
    const isFirst = toldWhy === ''
    toldWhy = why
    const then = isFirst ? '; what is known of it stays in use, and it is tried again' : ''
    warn(`${isFirst ? 'lost' : 'cannot reach'} etcd at ${url}: ${why}${then}`, { url })
  }

  /** `ask` of the endpoint that answered last, else of the others in turn. */
  async function anyOf<T>(what: string, ask: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    const failures: EndpointFailure[] = []
    for (let tried = 0; tried < endpoints.length; tried++) {
      const index = (current + failures.length) % endpoints.length
      const endpoint = endpoints[index] as Endpoint
      if (isClosed) throw baseErrors.closed('etcd registry')
      try {
        const found = await ask(endpoint)
        answered(index)
        return found
      } catch (cause) {
        if (isClosed) throw baseErrors.closed('etcd registry')
        if (cause instanceof EtcdRefusal && !isAway(cause)) {
          answered(index)
          throw explained(what, cause)
        }
        failures.push({ url: endpoint.url, cause: MicroError.is(cause) ? cause : understood(endpoint, cause, !hasAnswered) })
      }
    }
    const first = failures[0] as EndpointFailure
    lost(first.url, first.cause)
    // One that answers and refuses says more than all that do not answer.
    throw failures.map(({ cause }) => cause).find(MicroError.is) ?? etcdErrors.unavailable(what, failures)
  }

  /** Asks as who we are, and logs in when that is not known yet, or not any more. */
  async function loggedIn<T>(endpoint: Endpoint, ask: (headers: Readonly<Record<string, string>>) => Promise<T>): Promise<T> {
    const { user } = endpoint.login
    if (user !== undefined && token === undefined) await logIn(endpoint)
    const used = token
    try {
      return await ask(headersWith(used))
    } catch (error) {
      if (!(error instanceof EtcdRefusal)) throw error
      const isNobody = error.grpcCode === codes.unauthenticated || /user name is empty|revision of auth store is old/.test(error.message)
      if (!isNobody) throw error
      if (user === undefined) throw etcdErrors.notAuthorized(endpoint.url, undefined, error.message)
      // Tokens have an end, and a new etcd knows none of them.
      if (token === used) token = undefined
      if (token === undefined) await logIn(endpoint)
      return ask(headersWith(token))
    }
  }

  /** Once for all that ask meanwhile: etcd takes a while to compare a password. */
  function logIn(endpoint: Endpoint): Promise<void> {
    loggingIn ??= authenticate(endpoint).finally(() => (loggingIn = undefined))
    return loggingIn
  }

  async function authenticate(endpoint: Endpoint): Promise<void> {
    const { user = '', password = '' } = endpoint.login
    const body = JSON.stringify({ name: user, password })
    try {
      const [found] = objectsOf(
        endpoint,
        await http.post(endpoint, { path: '/v3/auth/authenticate', body, headers: leaderHeader, timeoutMs }),
      )
      token = String(found?.['token'] ?? '')
    } catch (error) {
      if (!(error instanceof EtcdRefusal) || isAway(error)) throw error
      // Then nobody needs to log in, and a login is no mistake.
      if (/authentication is not enabled/.test(error.message)) token = ''
      else throw etcdErrors.notAuthorized(endpoint.url, user, error.message)
    }
  }

  function explained(what: string, refusal: EtcdRefusal): Error {
    if (refusal.grpcCode === codes.permission) return etcdErrors.notPermitted(what, refusal.url, prefix)
    if (isLeaseGone(refusal) || isCompacted(refusal)) return refusal
    return etcdErrors.refused(what, refusal.url, refusal.message)
  }

  return {
    get url() {
      return here().url
    },
    get away() {
      return away
    },
    call: (what, path, body) =>
      anyOf(what, (endpoint) =>
        loggedIn(endpoint, async (headers) => {
          const text = (Array.isArray(body) ? body : [body]).map((one) => JSON.stringify(one)).join('\n')
          return objectsOf(endpoint, await http.post(endpoint, { path, body: text, headers, timeoutMs }))
        }),
      ),
    open: (what, path, body) =>
      anyOf(what, (endpoint) =>
        loggedIn(endpoint, async (headers) => {
          const lines = await http.open(endpoint, { path, body: JSON.stringify(body), headers, timeoutMs })
          return streamOf(endpoint, lines, (refusal) => explained(what, refusal))
        }),
      ),
    lost,
    forgetLogin() {
      token = undefined
    },
    close() {
      isClosed = true
      http.close()
    },
  }
}

const headersWith = (token: string | undefined) => (token ? { ...leaderHeader, authorization: token } : leaderHeader)

/** No leader, too slow: another member may do better. */
const isAway = ({ grpcCode }: EtcdRefusal) => grpcCode === codes.unavailable || grpcCode === codes.deadline

/** By OpenSSL's, Node's and the HTTP parser's names. */
function understood(endpoint: Endpoint, error: unknown, isFirst: boolean): unknown {
  const code = String((error as { code?: unknown } | undefined)?.code)
  if (code.startsWith('HPE_')) {
    const { rawPacket } = error as { rawPacket?: Buffer }
    return etcdErrors.notEtcd(endpoint.url, firstOf(rawPacket?.toString('latin1') ?? 'something that is no HTTP'))
  }
  if (/CERT|SIGNATURE|ERR_TLS|SSL|EPROTO/.test(code))
    return etcdErrors.tls(
      endpoint.url,
      /wrong version number|packet length/i.test(messageOf(error)) ? 'it answers without TLS' : messageOf(error),
      error,
    )
  // All that one hears from an etcd with TLS where one has none, and the other way round.
  if (isFirst && code === 'ECONNRESET')
    return new Error(`it hangs up at once, as it does when it wants ${endpoint.isTls ? 'http' : 'https'}`)
  return error
}

/** The objects of a reply, of which there is one, or one a line. @throws EtcdRefusal, or what stands in errors.ts */
function objectsOf(endpoint: Endpoint, { status, text }: Reply): Json[] {
  return text
    .trim()
    .split('\n')
    .map((line) => objectOf(endpoint, status, line))
}

function objectOf({ url }: Endpoint, status: number, line: string): Json {
  const found = parse(line)
  if (found === undefined) {
    if (/HTTP request to an HTTPS server/.test(line)) throw etcdErrors.tls(url, 'it wants TLS, and the address says http')
    throw etcdErrors.notEtcd(url, `HTTP ${status} ${firstOf(line)}`.trim())
  }
  const error = found['error']
  if (error === undefined && status === 200) return (found['result'] as Json | undefined) ?? found
  // A single reply has the text there, a stream an object.
  const { message, code } = isObject(error)
    ? { message: error['message'], code: error['grpc_code'] }
    : { message: error, code: found['code'] }
  if (typeof message !== 'string') throw etcdErrors.notEtcd(url, `HTTP ${status} ${firstOf(line)}`)
  throw new EtcdRefusal(url, Number(code), message)
}

function streamOf(endpoint: Endpoint, lines: Lines, explained: (refusal: EtcdRefusal) => Error): Stream {
  return {
    url: endpoint.url,
    keepAlive: (isKept) => lines.keepAlive(isKept),
    close: () => lines.close(),
    async *[Symbol.asyncIterator]() {
      for await (const line of lines) {
        try {
          yield objectOf(endpoint, lines.status, line)
        } catch (error) {
          throw error instanceof EtcdRefusal && !isAway(error) ? explained(error) : error
        }
      }
    },
  }
}

function parse(line: string): Json | undefined {
  try {
    const found: unknown = JSON.parse(line)
    return isObject(found) ? found : undefined
  } catch {
    return undefined // no JSON: the caller says what it is
  }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const firstOf = (text: string) => (text.split(/\r?\n/, 1)[0] ?? '').slice(0, shownLength)
