/** go-micro's, of all its versions. */
export const defaultPrefix = '/micro/registry/'

/** Where nodes lie: `<prefix><service>/<nodeId>`. */
export interface Keys {
  readonly prefix: string
  keyOf(service: string, nodeId: string): string
  /** The service that a key belongs to; undefined when it is no node's. */
  serviceOf(key: string): string | undefined
  /** All keys of a service, or of all, as etcd's requests have a range. */
  rangeOf(service?: string): { readonly key: string; readonly range_end: string }
}

/** The layout below `prefix`, which ends in a slash. */
export function keysBelow(prefix: string): Keys {
  return {
    prefix,
    keyOf: (service, nodeId) => `${prefix}${service}/${nodeId}`,
    serviceOf(key) {
      const slash = key.indexOf('/', prefix.length)
      return key.startsWith(prefix) && slash > prefix.length ? key.slice(prefix.length, slash) : undefined
    },
    rangeOf(service) {
      const start = service === undefined ? prefix : `${prefix}${service}/`
      // The first key after all that begin like it: "0" is the character after "/".
      return { key: toBase64(start), range_end: toBase64(`${start.slice(0, -1)}0`) }
    },
  }
}

/** Bytes, as the gateway's JSON has them. */
export const toBase64 = (text: string): string => Buffer.from(text).toString('base64')

/** The text of such bytes. */
export const fromBase64 = (base64: string): string => Buffer.from(base64, 'base64').toString()
