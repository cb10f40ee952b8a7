import type { Metadata } from '../call.js'
import type { Endpoint } from '../endpoint.js'
import { MicroError } from '../../base/index.js'
import { nativeErrors } from './errors.js'
import { frameOf, frameType } from './frame.js'
import { metadataRoom, readMetadata, skipMetadata, writeMetadata } from './metadata.js'

/** What every call of one endpoint has in common, said to the other side once. */
export interface NativeRoute {
  readonly service: string
  readonly endpoint: string
}

/** A route with its number on the wire; -1 while the other side does not know it. */
export interface ClientRoute extends NativeRoute {
  number: number
}

/** The routes of a client's connection: as many as the other side keeps, the oldest gives its number to the next. */
export class RouteBook {
  /** What travels with every call of this connection. */
  readonly #metadata: Metadata
  readonly #known = new Map<string, Map<string, ClientRoute>>()
  #numbered: ClientRoute[] = []
  #next = 0

  constructor(metadata: Metadata) {
    this.#metadata = metadata
  }

  /** The route to an endpoint, always the same one for as long as it is known. */
  find(service: string, endpoint: string): ClientRoute {
    const known = this.#known.get(service)?.get(endpoint)
    if (known !== undefined) return known
    const route = { service, endpoint, number: -1 }
    const endpoints = this.#known.get(service) ?? new Map<string, ClientRoute>()
    this.#known.set(service, endpoints.set(endpoint, route))
    return route
  }

  /**
   * Gives `route` a number, and the ROUTE frame that says so. What has it already loses it; calls that were sent with it are not touched, since frames keep their order.
   *
   * @throws `invalid_argument`/`ROUTE_TOO_LONG`, `invalid_argument`/`METADATA_INVALID`
   */
  number(route: ClientRoute, maxRoutes: number): Buffer {
    const payload = writeRoute(route, this.#metadata)
    const number = this.#next
    const before = this.#numbered[number]
    if (before !== undefined && before !== route) {
      before.number = -1
      this.#known.get(before.service)?.delete(before.endpoint)
    }
    this.#numbered[number] = route
    this.#next = (number + 1) % maxRoutes
    Object.assign(route, { number })
    return frameOf(frameType.route, 0, number, payload)
  }
}

function writeRoute({ service, endpoint }: NativeRoute, metadata: Metadata): Buffer {
  const names = [Buffer.from(service), Buffer.from(endpoint)]
  if (names.some(({ length }) => length > 255)) throw nativeErrors.routeTooLong(service, endpoint)
  const block = Buffer.alloc(Math.max(2, metadataRoom(metadata)))
  const end = writeMetadata(block, 0, metadata)
  return Buffer.concat([...names.flatMap((name) => [Buffer.from([name.length]), name]), block.subarray(0, end)])
}

/** A route as a server keeps it: what it leads to was looked up once. */
export interface ServerRoute extends NativeRoute {
  readonly target: Endpoint | MicroError
  readonly metadata: Metadata
}

/** The routes that a server was told. */
export class RouteTable {
  readonly #maxRoutes: number
  readonly #resolve: (service: string, endpoint: string) => Endpoint
  readonly #all: ServerRoute[] = []
  #bytes = 0

  constructor(maxRoutes: number, resolve: (service: string, endpoint: string) => Endpoint) {
    this.#maxRoutes = maxRoutes
    this.#resolve = resolve
  }

  /** Takes a ROUTE. @throws `internal`/`PROTOCOL_BROKEN` */
  define(number: number, payload: Buffer): void {
    if (number >= this.#maxRoutes) throw nativeErrors.protocolBroken(`route ${number} is defined, and at most ${this.#maxRoutes} are kept`)
    const serviceEnd = 1 + (payload[0] ?? 0)
    const endpointEnd = serviceEnd + 1 + (payload[serviceEnd] ?? 0)
    const end = endpointEnd <= payload.length ? skipMetadata(payload, endpointEnd, payload.length) : -1
    if (end !== payload.length) throw nativeErrors.protocolBroken('a ROUTE is not as long as its parts say')
    const service = payload.toString('utf8', 1, serviceEnd)
    const endpoint = payload.toString('utf8', serviceEnd + 1, endpointEnd)
    const metadata = readMetadata(payload, endpointEnd, end)
    // Numbers are given in turn, so a hole is a mistake; it would also make the list a sparse one.
    if (number > this.#all.length) throw nativeErrors.protocolBroken(`route ${number} is defined before route ${this.#all.length}`)
    this.#count(payload.length)
    this.#all[number] = { service, endpoint, metadata, target: this.#target(service, endpoint) }
  }

  /** @throws `internal`/`PROTOCOL_BROKEN` for a number that was not defined */
  at(number: number): ServerRoute {
    const route = this.#all[number]
    if (route === undefined) throw nativeErrors.protocolBroken(`route ${number} is called and was not defined`)
    return route
  }

  #target(service: string, endpoint: string): Endpoint | MicroError {
    try {
      return this.#resolve(service, endpoint)
    } catch (error) {
      return MicroError.from(error)
    }
  }

  // Each route may be 8.7 KB; a full table of such is no honest one.
  #count(bytes: number): void {
    this.#bytes += Math.max(0, bytes - maxUsualBytes)
    if (this.#bytes > maxUnusualBytes) throw nativeErrors.protocolBroken(`its long routes take over ${maxUnusualBytes} bytes`)
  }
}

const maxUsualBytes = 1024
const maxUnusualBytes = 1_048_576
