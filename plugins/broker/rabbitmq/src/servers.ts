import { rabbitmqErrors } from './errors.js'
import type { Login } from './login.js'

/** A server that may be connected to. */
export interface Server {
  readonly host: string
  readonly port: number
  /** Without user and password: for people. */
  readonly url: string
  readonly user: string
  readonly password: string
  readonly vhost: string
  readonly tls: boolean
}

/** What counts where an address does not say it. */
export interface ServerDefaults {
  readonly login: Login
  readonly vhost: string | undefined
  readonly tls: boolean | undefined
}

/**
 * Reads `amqp://user:password@host:port/vhost`, or several with commas between them; `amqps://` asks for TLS. Login and virtual host of an address count
 * before the other ones.
 *
 * @throws `invalid_argument`/`ADDRESS_INVALID`
 */
export function readServers(addresses: string, defaults: ServerDefaults): Server[] {
  const texts = addresses
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
  if (texts.length === 0) throw rabbitmqErrors.addressInvalid(addresses, 'it is empty')
  return texts.map((text) => readServer(text, defaults))
}

function readServer(text: string, { login, vhost, tls: wantsTls }: ServerDefaults): Server {
  const shown = text.replace(/\/\/.*@/, '//***@')
  let url: URL
  try {
    url = new URL(text.includes('://') ? text : `amqp://${text}`)
  } catch {
    throw rabbitmqErrors.addressInvalid(shown, 'it is no URL')
  }
  if (url.protocol !== 'amqp:' && url.protocol !== 'amqps:')
    throw rabbitmqErrors.addressInvalid(shown, `"${url.protocol}//" is not spoken here`)
  if (url.hostname === '') throw rabbitmqErrors.addressInvalid(shown, 'it names no host')
  const tls = url.protocol === 'amqps:' || wantsTls === true
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const usualPort = tls ? 5671 : 5672
  const port = url.port === '' ? usualPort : Number(url.port)
  const own = { user: decoded(url.username, shown), password: decoded(url.password, shown) }
  const path = decoded(url.pathname.slice(1), shown)
  const given =
    own.user === '' ? { user: login.user ?? 'guest', password: login.password ?? (login.user === undefined ? 'guest' : '') } : own
  return {
    host,
    port,
    tls,
    ...given,
    vhost: path === '' ? (vhost ?? '/') : path,
    url: `${tls ? 'amqps' : 'amqp'}://${url.hostname}:${port}${url.pathname === '/' ? '' : url.pathname}`,
  }
}

function decoded(text: string, shown: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw rabbitmqErrors.addressInvalid(shown, 'a "%" is not followed by two hex digits')
  }
}

/** The list in a random order, so that a fleet spreads over a cluster. @param random evenly drawn from 0 (included) to 1 (excluded) */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
