import { natsUrl, type NatsAddress } from '../address.js'
import type { NatsInfo } from '../wire/protocol.js'

/** Where a client may connect. */
export interface ServerPool {
  /** Of all that are known, for people. */
  readonly urls: readonly string[]
  /** How many attempts make a round, after which it is worth a longer wait. */
  readonly size: number
  /** Where to try next. Undefined: nowhere any more, somebody else has taken over what this client had. */
  next(): NatsAddress | undefined | Promise<NatsAddress | undefined>
  /** Remembers what a server says of its cluster. */
  learn(info: NatsInfo, from: NatsAddress): void
}

// A cluster is smaller; a server that names more does not fill the memory.
const maxLearned = 64

/**
 * The servers that were named, in their order, and those that the connected one tells of, in any.
 *
 * A server that was only told of is forgotten when it is not told of any more. It is logged in to like the one that told of it, and over TLS if that was.
 */
export function serverPool(named: readonly NatsAddress[], random: () => number): ServerPool {
  let known = named
  let at = -1

  return {
    get urls() {
      return known.map((server) => server.url)
    },
    get size() {
      return known.length
    },
    next() {
      at = (at + 1) % known.length
      return known[at]
    },
    learn({ connect_urls: told }, from) {
      if (!Array.isArray(told)) return
      const current = known[at]
      const learned = shuffled(told.slice(0, maxLearned), random).flatMap((one) => {
        const place = typeof one === 'string' ? placeOf(one) : undefined
        if (place === undefined || named.some((other) => other.host === place.host && other.port === place.port)) return []
        return [{ ...from, ...place, url: natsUrl(place.host, place.port, from.tls) }]
      })
      known = [...named, ...learned]
      at = current === undefined ? at : known.findIndex((server) => server.url === current.url)
    },
  }
}

function placeOf(text: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^\[?([^\]/@\s]+?)\]?:(\d{1,5})$/.exec(text)
  return found === null ? undefined : { host: found[1] as string, port: Number(found[2]) }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
