import type { Endpoint } from './endpoint.js'
import { rpcErrors } from './errors.js'

/** Finds the endpoint that a caller means. */
export interface Router {
  /** The names of all endpoints, in the order in which they were given. */
  readonly names: readonly string[]
  /** By exact name; undefined when there is none. */
  exact(name: string): Endpoint | undefined
  /**
   * `Handler.Method`; also with small first letters (`handler.method`), and as a path (`/Handler.Method`, `/<service>/Handler.Method`).
   *
   * @throws `unimplemented`/`ENDPOINT_NOT_FOUND` with the nearest names
   */
  find(name: string): Endpoint
}

/** @throws TypeError for a name that is not `Handler.Method`, or that comes twice (small and capital letters at the front count as the same) */
export function createRouter(service: string, endpoints: readonly Endpoint[]): Router {
  const byName = new Map<string, Endpoint>()
  const byAnyName = new Map<string, Endpoint>()
  for (const endpoint of endpoints) {
    const { name } = endpoint
    if (!/^[A-Za-z][A-Za-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*$/.test(name))
      throw new TypeError(`The endpoint "${name}" is not named Handler.Method`)
    if (byAnyName.has(smallLetters(name))) throw new TypeError(`The endpoint "${name}" is there twice`)
    byName.set(name, endpoint)
    byAnyName.set(name, endpoint)
    byAnyName.set(smallLetters(name), endpoint)
  }
  const names = [...byName.keys()]
  const prefix = `/${service}/`

  return {
    names,
    exact: (name) => byName.get(name),
    find(name) {
      const exact = byName.get(name)
      if (exact !== undefined) return exact
      const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name.replace(/^\//, '')
      const found = byAnyName.get(bare) ?? byAnyName.get(smallLetters(bare))
      if (found === undefined) throw rpcErrors.endpointNotFound(service, bare, names)
      return found
    },
  }
}

// Each part's first letter: Orders.PlaceOrder is orders.placeOrder.
function smallLetters(name: string): string {
  return name.replace(/(^|\.)([A-Z])/g, (_, before: string, letter: string) => before + letter.toLowerCase())
}
