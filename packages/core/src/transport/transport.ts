import type { Closable, Implementation } from '../base/index.js'

/**
 * What a transport may have besides the contract's core.
 *
 * - `concurrent`: several frames may be under way on one connection, in both directions, unpaired. Without it a connection is a strict alternation: the opener sends one, the listener answers with one
 * - `web`: the same port answers plain HTTP (`ListenOptions.web`)
 * - `protocols`: the same port speaks what else it is given (`ListenOptions.protocols`)
 */
export type TransportFeature = 'concurrent' | 'web' | 'protocols'

/** What travels: headers as go-micro has them, and bytes. */
export interface Frame {
  /** Names compare without case and are given in lower case; values are any Unicode without control characters, and without spaces at their ends. */
  readonly header: Readonly<Record<string, string>>
  /** 0 bytes to `maxBytes`. Nobody mutates it. */
  readonly body: Uint8Array
}

/** One side of an open connection. */
export interface Connection extends Closable {
  /** The address of this end, `host:port` where there is one. */
  readonly local: string
  /** The address of the other end. */
  readonly remote: string
  /** Hands a frame to the other side, whose frames arrive in the order of sending. Resolves when it has been written; rejects with `unavailable`/`CONNECTION_CLOSED` when it cannot be any more. */
  send(frame: Frame): Promise<void>
  /** The next frame of the other side, or undefined when it has closed in an orderly way. One `receive` at a time. Rejects with `unavailable`/`CONNECTION_LOST` when the connection broke. */
  receive(options?: { readonly signal?: AbortSignal }): Promise<Frame | undefined>
  /** Resolves when the connection has ended, whoever ended it. Never rejects. */
  readonly closed: Promise<void>
}

/** A plain HTTP request, as data: what a transport with `web` hands on when the request does not speak RPC. */
export interface WebRequest {
  readonly method: string
  /** Path and query, as sent: `/Orders.Place?x=1`. */
  readonly path: string
  /** Names in lower case. */
  readonly header: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Aborts when the client hangs up. */
  readonly signal: AbortSignal
  readonly remote: string
}

/** The answer to a {@link WebRequest}. */
export interface WebReply {
  readonly status: number
  readonly header: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** How to open a connection. */
export interface OpenOptions {
  /** To connect, in milliseconds. @default 5_000 */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Where a {@link Protocol} hands what it has understood. */
export interface ProtocolRouter {
  /** Takes a connection of frames; each frame is answered as any other caller's. A protocol with many calls at once on one socket may hand over one connection for each. */
  accept(connection: Connection): void
  /** The largest body of a frame, refused before it is buffered. */
  readonly maxBytes: number
}

/** A connection that a {@link Protocol} has taken over, as the listener sees it. */
export interface ServedConnection {
  /** Begins nothing new, and ends the socket as soon as what is in work has its answer: the listener closes. Called at most once. */
  drain(): void
  /** Called about once a second with the listener's monotonic time in milliseconds, so that no connection needs a timer to find out who is silent or slow. */
  sweep?(nowMs: number): void
}

/**
 * One more language that the port speaks: told by the first bytes of a connection, and from then on alone with its socket.
 *
 * A listener asks its protocols in their order. The first that says `yes` gets the connection; as long as one before it says `more`, the listener waits for bytes
 * (at most 10 s and 64 bytes). Plain HTTP and go-micro's RPC take what no other wants. Behind TLS the same is asked of the bytes inside,
 * unless the client has asked by name (ALPN).
 *
 * `Socket` is what the listener has: node:net's `Socket`, or node:tls' `TLSSocket`, for transports on Node.
 *
 * @example
 * const shout: Protocol<Socket> = {
 *   name: 'shout',
 *   detect: (head) => (head[0] === 0x21 ? 'yes' : 'no'),
 *   serve(socket, head) {
 *     const answer = (bytes: Uint8Array) => socket.write(Buffer.from(bytes).toString().toUpperCase())
 *     socket.on('error', () => undefined)
 *     socket.on('data', answer)
 *     if (head.length > 0) answer(head)
 *     socket.resume()
 *     return { drain: () => socket.end() }
 *   },
 * }
 */
export interface Protocol<Socket = unknown> {
  /** `native`, `grpc`: what metrics call its connections. Lower case, without spaces. */
  readonly name: string
  /** The names under which TLS clients ask for it (ALPN): `['h2']`. @default none: it is told by its first bytes */
  readonly alpn?: readonly string[]
  /** Whether it is also spoken on the Unix socket for callers on the same host, where nothing else is. @default false */
  readonly isLocal?: boolean
  /** Whether a connection that begins with `head` speaks this; `more` when the bytes allow both. `head` has 1 to 64 bytes, and all from the first one at each call. It must not throw and must remember nothing. */
  detect(head: Uint8Array): 'yes' | 'no' | 'more'
  /**
   * Takes the connection over. Nobody else reads or writes `socket` any more, and nobody listens for its errors; it is paused (`socket.resume()` lets it flow), and `head` has all that has come
   * so far (it may be empty, or longer than what was detected). Whoever needs the bytes in the socket puts them back: `socket.unshift(head)`.
   * The listener destroys sockets that are still open when it has to end; else the protocol ends its own.
   */
  serve(socket: Socket, head: Uint8Array, router: ProtocolRouter): ServedConnection
}

/** How to listen. */
export interface ListenOptions {
  /** The largest body of a frame, refused before it is buffered. @default 4_194_304 (4 MiB) */
  readonly maxBytes?: number
  /** Answers plain HTTP on the same port. Needs `web`. */
  readonly web?: (request: WebRequest) => Promise<WebReply>
  /** What else the port speaks. Needs `protocols`. */
  readonly protocols?: readonly Protocol[]
}

/** An open door. Its `close` takes no further connections, lets those that wait for an answer have it, and ends the idle ones. */
export interface Listener extends Closable {
  /** Where it can be reached: `127.0.0.1:40113`. */
  readonly address: string
  /** How many connections are open, by the name of their protocol. Absent where nobody counts. */
  readonly connections?: () => Readonly<Record<string, number>>
  /**
   * Also listens on a Unix socket, for callers on the same host and the protocols with `isLocal` only, and gives its path: in a folder that only this user can enter.
   * `name` is part of the file's name: the project and the node. Undefined where it cannot be. `close` of the listener removes it.
   */
  readonly listenLocal?: (name: string) => Promise<string | undefined>
}

/**
 * Carries frames between two addresses: a message socket, not request and response.
 *
 * Failures: a bad address is `invalid_argument`/`ADDRESS_INVALID`; nobody there `unavailable`/`CONNECT_FAILED`; not in time `deadline_exceeded`; a port that is
 * taken `unavailable`/`PORT_TAKEN` (with the process that has it, where the system tells); a frame over `maxBytes` `resource_exhausted`/`FRAME_TOO_LARGE`;
 * a header that would not arrive as it was sent `invalid_argument`/`HEADER_INVALID`;
 * an aborted signal `canceled`; all after `close()` `failed_precondition`/`CLOSED`.
 */
export interface Transport extends Implementation<TransportFeature>, Closable {
  /** Connects to `address`. */
  open(address: string, options?: OpenOptions): Promise<Connection>
  /** Takes connections at `address`; port 0 is any free one. `accept` is called once for each, and must not throw. */
  listen(address: string, accept: (connection: Connection) => void, options?: ListenOptions): Promise<Listener>
}
