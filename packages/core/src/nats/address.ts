import { natsErrors } from './errors.js'
import { defaultPort } from './wire/protocol.js'

/** Where a server is, and what to log in with. */
export interface NatsAddress {
  readonly host: string
  readonly port: number
  /** Without user and password: for people. */
  readonly url: string
  /** Never without TLS: `tls://host`. */
  readonly tls: boolean
  readonly user?: string
  readonly password?: string
  readonly token?: string
}

/**
 * Reads `nats://host:port`, `host:port` or `host`; `nats://user:password@host` and `nats://token@host` log in, `tls://host` goes nowhere without TLS.
 *
 * @throws `invalid_argument`/`ADDRESS_INVALID`
 */
export function parseAddress(text: string): NatsAddress {
  const shown = text.replace(/\/\/[^@/]*@/, '//***@')
  let url: URL
  try {
    url = new URL(text.includes('://') ? text : `nats://${text}`)
  } catch {
    throw natsErrors.addressInvalid(shown, 'it is no URL')
  }
  if (url.protocol !== 'nats:' && url.protocol !== 'tls:') throw natsErrors.addressInvalid(shown, `"${url.protocol}//" is not spoken here`)
  if (url.hostname === '') throw natsErrors.addressInvalid(shown, 'it names no host')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? defaultPort : Number(url.port)
  const tls = url.protocol === 'tls:'
  return { host, port, tls, url: natsUrl(host, port, tls), ...login(decoded(url.username, shown), decoded(url.password, shown)) }
}

function decoded(text: string, shown: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw natsErrors.addressInvalid(shown, 'a "%" in user or password is not followed by two hex digits')
  }
}

function login(user: string, password: string): { user?: string; password?: string; token?: string } {
  if (user === '') return {}
  return password === '' ? { token: user } : { user, password }
}

/**
 * Reads one address or several with a comma between them.
 *
 * @throws `invalid_argument`/`ADDRESS_INVALID`
 */
export function parseAddresses(list: string | readonly string[]): NatsAddress[] {
  const texts = (typeof list === 'string' ? list.split(',') : list).map((text) => text.trim()).filter((text) => text !== '')
  if (texts.length === 0) throw natsErrors.addressInvalid(String(list), 'it is empty')
  return texts.map(parseAddress)
}

/** `nats://127.0.0.1:4222`, or `tls://...`, with brackets around IPv6. */
export function natsUrl(host: string, port: number, tls = false): string {
  return `${tls ? 'tls' : 'nats'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whether only programs of this machine can reach what listens on `host`. A name other than localhost may mean anything, so it counts as public. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/i.test(host)
}
