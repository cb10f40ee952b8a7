import type { Metadata } from '../call.js'
import type { CallRequest } from '../dispatch.js'
import type { Endpoint } from '../endpoint.js'
import type { Body } from './body.js'
import type { Inbox } from './inbox.js'
import { readMetadata, skipMetadata } from './metadata.js'
import type { ServerRoute } from './routes.js'

/** What a server has understood of a call over the native framing: what a dispatch takes, and what a gateway needs to pass it on. */
export class NativeRequest implements CallRequest {
  readonly endpoint: Endpoint
  readonly remote: string
  readonly timeoutMs: number | undefined
  /** The input, undecoded. Empty when it comes as a stream. */
  readonly body: Body
  /** Whether the caller takes a stream of outputs. */
  readonly wantsStream: boolean
  /** The input as it comes, one message after the other; undefined when it is one value. */
  readonly stream: Inbox | undefined
  readonly #route: ServerRoute
  #buffer: Buffer | undefined
  #metadataAt: number

  constructor(
    route: ServerRoute & { readonly target: Endpoint },
    remote: string,
    call: { readonly timeoutMs: number | undefined; readonly wantsStream: boolean; readonly stream: Inbox | undefined },
    body: Body,
    metadata: { readonly buffer: Buffer; readonly at: number } | undefined,
  ) {
    this.endpoint = route.target
    this.remote = remote
    this.timeoutMs = call.timeoutMs
    this.wantsStream = call.wantsStream
    this.stream = call.stream
    this.body = body
    this.#route = route
    this.#buffer = metadata?.buffer
    this.#metadataAt = metadata?.at ?? 0
  }

  /** The service that the caller named. */
  get service(): string {
    return this.#route.service
  }

  /** The decoded input, or its stream. */
  input(): unknown {
    return this.stream ?? this.body.value()
  }

  /** What belongs to the route, and over it what came with this call. @throws `invalid_argument`/`METADATA_INVALID` */
  metadata(): Metadata {
    const buffer = this.#buffer
    if (buffer === undefined) return this.#route.metadata
    const own = readMetadata(buffer, this.#metadataAt, skipMetadata(buffer, this.#metadataAt, buffer.length))
    return { ...this.#route.metadata, ...own }
  }

  /** Lets go of the segment in which it came. */
  detach(): void {
    this.body.detach()
    if (this.#buffer === undefined) return
    const end = skipMetadata(this.#buffer, this.#metadataAt, this.#buffer.length)
    this.#buffer = Buffer.from(this.#buffer.subarray(this.#metadataAt, end))
    this.#metadataAt = 0
  }
}
