import { MicroError } from '../base/index.js'
import type { Frame } from '../transport/transport.js'
import type { Metadata, Reply } from './call.js'
import type { CallRequest, Dispatch, RunningCall } from './dispatch.js'
import { errorToHeader } from './error-header.js'
import { rpcErrors } from './errors.js'
import type { FramedRequest, Framing } from './framing.js'
import type { Framings } from './framings.js'
import type { Router } from './router.js'
import { metadataOf, microHeader, timeoutOf } from './wire.js'

/** An event that a Go service delivers over the RPC port. */
export interface RpcEvent {
  readonly topic: string
  /** Decodes the body. */
  input(): unknown
  readonly metadata: Metadata
}

/** What answers frames. */
export interface ExchangeOptions {
  readonly service: string
  readonly router: Router
  readonly framings: Framings
  readonly dispatch: Dispatch
  readonly events?: ((event: RpcEvent) => unknown) | undefined
  readonly onError?: ((error: MicroError, call: { readonly service: string; readonly endpoint: string }) => void) | undefined
}

/** Answers one frame. `onBegin` is handed the call when it does not end at once. Never throws, never rejects. */
export type Exchange = (frame: Frame, remote: string, onBegin: (call: RunningCall) => void) => Frame | Promise<Frame>

const empty = new Uint8Array(0)
const jsonNull = new TextEncoder().encode('null')

/** Answers frames with go-micro's headers: what was asked stands in them, or in an old envelope inside the body. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { service, router, framings, dispatch, events, onError } = options

  const call: Exchange = (frame, remote, onBegin) => {
    const { header, body } = frame
    // go-micro takes a request without a content type for protobuf.
    const contentType = header['content-type'] || 'application/protobuf'
    let framed: FramedRequest | undefined
    let name = microHeader(header, 'endpoint') ?? microHeader(header, 'method')
    let isRefused = false
    const failed = (thrown: unknown): Frame => {
      const error = MicroError.from(thrown)
      const text = errorToHeader(error, `${service}.${name ?? ''}`, isRefused)
      return { header: headerOf(contentType, header, { 'micro-error': text }), body: framed?.failure(text) ?? empty }
    }
    try {
      // A browser that sends go-micro's headers must have been allowed to, by a page of this very address: no page of ours does.
      if (header['origin'] !== undefined) throw rpcErrors.crossSite(header['origin'])
      if (microHeader(header, 'stream') !== undefined) throw rpcErrors.streamsUnsupported(name ?? '')
      const framing = framingOf(framings, contentType, name === undefined && microHeader(header, 'service') === undefined)
      framed = framing.openRequest(body)
      name ??= framed.endpoint
      if (name === undefined) throw rpcErrors.endpointMissing(service)
      const endpoint = router.find(name)
      name = endpoint.name
      const request: CallRequest = {
        endpoint,
        input: framed.input,
        metadata: () => metadataOf(header),
        timeoutMs: timeoutOf(header),
        remote,
      }
      const succeeded = (reply: Reply): Frame => {
        const bytes = written(framed as FramedRequest, reply.output, endpoint.name)
        // go-micro's client cannot read 0 bytes as JSON, so nothing is written as null, and ours is told which of the two it is.
        const isNothing = bytes.length === 0 && contentType === 'application/json'
        const more = isNothing ? { ...reply.metadata, 'micro-empty': '1' } : reply.metadata
        return { header: headerOf(contentType, header, more), body: isNothing ? jsonNull : bytes }
      }
      // Only what was refused here is safe elsewhere: an error of this name that a handler passes on may come after half of the work.
      isRefused = dispatch.isDraining
      const running = dispatch.begin(request)
      if (!(running.outcome instanceof Promise)) return succeeded(running.outcome)
      onBegin(running)
      return running.outcome.then(succeeded).catch(failed)
    } catch (error) {
      return failed(error)
    }
  }

  const written = (framed: FramedRequest, output: unknown, endpoint: string): Uint8Array => {
    try {
      return framed.reply(output)
    } catch (error) {
      const failure = rpcErrors.outputNotEncodable(endpoint, MicroError.from(error))
      onError?.(failure, { service, endpoint })
      throw failure
    }
  }

  const deliver = async (frame: Frame, topic: string): Promise<Frame> => {
    const { header, body } = frame
    const contentType = header['content-type'] || 'application/protobuf'
    const echo = headerOf(contentType, header, { 'micro-topic': topic })
    try {
      if (events === undefined) throw rpcErrors.topicNotSubscribed(service, topic)
      const framing = framingOf(framings, contentType, false)
      await events({ topic, input: () => framing.openRequest(body).input(), metadata: metadataOf(header) })
      return { header: echo, body: empty }
    } catch (error) {
      const failure = MicroError.is(error) ? error : rpcErrors.internal(service, topic, error)
      if (failure.code === 'internal') onError?.(failure, { service, endpoint: topic })
      return {
        header: { ...echo, 'micro-error': errorToHeader(rpcErrors.subscriberFailed(topic, failure), 'go.micro.server') },
        body: empty,
      }
    }
  }

  return (frame, remote, onBegin) => {
    const topic = microHeader(frame.header, 'topic')
    return topic === undefined ? call(frame, remote, onBegin) : deliver(frame, topic)
  }
}

function framingOf(framings: Framings, contentType: string, isBare: boolean): Framing {
  const framing = framings.find(contentType, isBare)
  if (framing === undefined) throw rpcErrors.contentTypeUnsupported(contentType)
  return framing
}

// What an interceptor puts beside a reply cannot change how it is read.
function headerOf(contentType: string, request: Frame['header'], more: Readonly<Record<string, string>>): Frame['header'] {
  const id = microHeader(request, 'id')
  return id === undefined ? { ...more, 'content-type': contentType } : { ...more, 'content-type': contentType, 'micro-id': id }
}
