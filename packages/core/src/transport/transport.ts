import type { Closable, Implementation } from '../base/index.js'

/**
 * What a transport may have besides the contract's core.
 *
 * - `concurrent`: several frames may be under way on one connection, in both directions, unpaired. Without it a connection is a strict alternation: the opener sends one, the listener answers with one
 * - `web`: the same port answers plain HTTP (`ListenOptions.web`)
 */
export type TransportFeature = 'concurrent' | 'web'

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

/** How to listen. */
export interface ListenOptions {
  /** The largest body of a frame, refused before it is buffered. @default 4_194_304 (4 MiB) */
  readonly maxBytes?: number
  /** Answers plain HTTP on the same port. Needs `web`. */
  readonly web?: (request: WebRequest) => Promise<WebReply>
}

/** An open door. Its `close` takes no further connections, lets those that wait for an answer have it, and ends the idle ones. */
export interface Listener extends Closable {
  /** Where it can be reached: `127.0.0.1:40113`. */
  readonly address: string
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
