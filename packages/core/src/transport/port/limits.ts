/** What a port bears, so that nobody can fill its memory or keep its connections by being slow. */
export interface ListenLimits {
  /** Connections at once; further ones are ended at once. @default 16_384 */
  readonly maxConnections: number
  /** The largest head of a request. @default 65_536 */
  readonly maxHeadBytes: number
  /** From the opening of a connection to its first whole head, a TLS handshake, any later head. @default 10_000 */
  readonly headMs: number
  /** A request's body, from its head to its end. @default 60_000 */
  readonly requestMs: number
  /** Between requests. Longer than clients of ours keep an idle connection, so that it is they who end it and no call meets a door that just closed. @default 120_000 */
  readonly idleMs: number
  /** A client that reads nothing of its answer. @default 60_000 */
  readonly writeMs: number
  /** After a refusal, for the rest of what the client sends. @default 1_000 */
  readonly lingerMs: number
}

/** The limits of `chosen`, and the usual ones for what it leaves out. */
export function listenLimits(chosen: Partial<ListenLimits> = {}): ListenLimits {
  return {
    maxConnections: 16_384,
    maxHeadBytes: 65_536,
    headMs: 10_000,
    requestMs: 60_000,
    idleMs: 120_000,
    writeMs: 60_000,
    lingerMs: 1000,
    ...chosen,
  }
}
