import { parseAddresses } from '@microts/core/nats'
import type { Login } from './login.js'

/** A server that may be connected to. */
export interface Server {
  readonly host: string
  readonly port: number
  /** Without user and password: for people. */
  readonly url: string
  readonly login: Login
  /** Undefined: when the server offers it. */
  readonly tls: boolean | undefined
}

/**
 * Reads `nats://host:port`, or several with commas between them; `tls://` asks for TLS. A login in an address counts before `login`.
 *
 * @throws `invalid_argument`/`ADDRESS_INVALID`
 */
export function readServers(addresses: string, login: Login, tls: boolean | undefined): Server[] {
  return parseAddresses(addresses).map(({ host, port, url, tls: isTlsOnly, ...own }) => ({
    host,
    port,
    url,
    login: Object.keys(own).length > 0 ? own : login,
    tls: isTlsOnly ? true : tls,
  }))
}

/** The list in a random order, so that a fleet spreads over a cluster. @param random evenly drawn from 0 (included) to 1 (excluded) */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
