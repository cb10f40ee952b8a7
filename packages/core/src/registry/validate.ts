import { registryErrors } from './errors.js'
import type { ServiceRecord } from './registry.js'

/** A place to call: `host` without the brackets of an IPv6 address. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/**
 * Lets a service's name pass.
 *
 * @throws `invalid_argument`/`SERVICE_INVALID`
 */
export function checkServiceName(name: string): void {
  checkWord(name, 'the name of a service')
}

/**
 * Lets a service pass that a registry can take: its name, its version, and the id and address of each node.
 *
 * @throws `invalid_argument`/`SERVICE_INVALID`
 */
export function checkService(service: ServiceRecord): void {
  checkServiceName(service.name)
  if (typeof service.version !== 'string' || service.version.length > 255)
    throw registryErrors.serviceInvalid(`the version of "${service.name}"`, service.version, 'a text of at most 255 characters')
  for (const node of service.nodes) {
    checkWord(node.id, `the id of a node of "${service.name}"`)
    parseAddress(node.address, `the address of "${node.id}"`)
  }
}

/**
 * Host and port of `host:port` or `[v6]:port`.
 *
 * @throws `invalid_argument`/`SERVICE_INVALID`; `what` names the thing: `the address of "orders-1"`
 */
export function parseAddress(address: string, what: string): HostAndPort {
  const found =
    typeof address === 'string' ? /^(?:\[([0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%[\w.-]+)?)\]|([^[\]:\s/]+)):(\d{1,5})$/.exec(address) : null
  const host = found?.[1] ?? found?.[2]
  const port = Number(found?.[3])
  if (host === undefined || port < 1 || port > 65_535)
    throw registryErrors.serviceInvalid(what, address, '`host:port` or `[v6]:port` with a port from 1 to 65535')
  return { host, port }
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * Lets a time to live pass.
 *
 * @throws RangeError
 */
export function checkTtl(ttlMs: number | undefined): void {
  if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && ttlMs > 0))
    throw new RangeError(`ttlMs must be a number of milliseconds above 0, not ${ttlMs}`)
}

function checkWord(word: string, what: string): void {
  if (typeof word !== 'string' || !/^[\w.-]{1,255}$/.test(word))
    throw registryErrors.serviceInvalid(what, word, '1 to 255 of A-Z a-z 0-9 . _ -')
}
