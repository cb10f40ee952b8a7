import { transportErrors } from './errors.js'

/** An address, taken apart. `host` is without the brackets of IPv6. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** @throws `invalid_argument`/`ADDRESS_INVALID` when it is not `host:port` or `[v6]:port` */
export function parseAddress(address: string): HostPort {
  const [, v6, plain, digits] = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(address) ?? []
  const host = v6 ?? plain
  const port = Number(digits)
  if (host === undefined || port > 65_535) throw transportErrors.addressInvalid(address)
  return { host, port }
}

/** `host:port`, with brackets around IPv6. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
