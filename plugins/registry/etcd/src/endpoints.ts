import { etcdErrors } from './errors.js'
import type { Login } from './login.js'

/** One address of etcd. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  /** `http://host:port`, without user and password: for people. */
  readonly url: string
  readonly login: Login
}

const defaultPort = 2379

/**
 * Reads `http://host:port`, `https://host:port` or `host:port`, or several with commas between them, of one cluster. A login in an address counts before
 * `login`. `isTls` says what a bare `host:port` means.
 *
 * @throws `invalid_argument`/`ADDRESS_INVALID`
 */
export function readEndpoints(addresses: string, login: Login, isTls: boolean): Endpoint[] {
  const words = addresses.split(',').map((word) => word.trim())
  const found = words.filter((word) => word !== '').map((word) => readEndpoint(word, login, isTls))
  if (found.length === 0) throw etcdErrors.addressInvalid('there is none')
  return found
}

function readEndpoint(text: string, login: Login, isTls: boolean): Endpoint {
  const url = parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${isTls ? 'https' : 'http'}://${text}`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw etcdErrors.addressInvalid(`its scheme is "${url.protocol.slice(0, -1)}"`)
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '')
    throw etcdErrors.addressInvalid('it says more than host and port')
  if (url.port === '0') throw etcdErrors.addressInvalid('its port is 0')
  const isSecure = url.protocol === 'https:'
  const port = portOf(text, url, isSecure)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    isTls: isSecure,
    url: `${isSecure ? 'https' : 'http'}://${url.hostname}:${port}`,
    login: url.username === '' ? login : { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) },
  }
}

/** URL leaves out the port that is its scheme's habit, 80 and 443; etcd's is another. */
function portOf(text: string, url: URL, isSecure: boolean): number {
  if (url.port !== '') return Number(url.port)
  if (!/:\d+\/?$/.test(text)) return defaultPort
  return isSecure ? 443 : 80
}

function parse(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw etcdErrors.addressInvalid('it is no URL') // the error of URL shows the text, which may hold a password
  }
}

/** The list in a random order, so that a fleet spreads over a cluster. @param random evenly drawn from 0 (included) to 1 (excluded) */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
