import type { Codec } from '../codec/codec.js'
import { rpcErrors } from './errors.js'
import { decodeProtoRpc, encodeProtoRpc } from './proto-rpc.js'

/** What a request's body turned out to hold. */
export interface FramedRequest {
  /** The endpoint that the envelope names; undefined where the headers name it. */
  readonly endpoint: string | undefined
  /** Decodes the input, with the codec of the content type. */
  input(): unknown
  /** The body of the answer to this request. */
  reply(output: unknown): Uint8Array
  /** The body of an answer that is an error: empty but in the old framings. */
  failure(text: string): Uint8Array
}

/** What a reply's body turned out to hold. */
export interface FramedReply {
  readonly output: unknown
  /** The error that the envelope names. */
  readonly error: string | undefined
}

/**
 * How input and output lie in a body: as they are, or in one of go-micro's old envelopes, which its clients use for a node without `protocol` in its metadata.
 */
export interface Framing {
  readonly contentType: string
  /** The content type of input and output themselves, which go-micro's clients name as what they accept. */
  readonly accept: string
  openRequest(body: Uint8Array): FramedRequest
  request(id: string, endpoint: string, input: unknown): Uint8Array
  openReply(body: Uint8Array): FramedReply
}

const empty = new Uint8Array(0)

/** Input and output are the whole body, written by `codec`. */
export function plainFraming(contentType: string, codec: Codec): Framing {
  return {
    contentType,
    accept: contentType,
    openRequest: (body) => ({
      endpoint: undefined,
      input: () => codec.decode(body),
      reply: (output) => codec.encode(output),
      failure: () => empty,
    }),
    request: (_id, _endpoint, input) => codec.encode(input),
    openReply: (body) => ({ output: codec.decode(body), error: undefined }),
  }
}

/** JSON-RPC 1.0: `{"method","params":[input],"id"}` and `{"id","result","error"}`, the id always a string in the answer. */
export function jsonRpcFraming(contentType: string, json: Codec): Framing {
  return {
    contentType,
    accept: json.contentTypes[0],
    openRequest(body) {
      const envelope = recordOf(json.decode(body))
      const params = envelope['params']
      const id = String(envelope['id'] ?? '')
      return {
        endpoint: typeof envelope['method'] === 'string' ? envelope['method'] : undefined,
        input: () => (Array.isArray(params) ? (params[0] as unknown) : (params ?? undefined)),
        reply: (output) => json.encode({ id, result: output ?? null, error: null }),
        failure: (error) => json.encode({ id, result: null, error }),
      }
    },
    request: (id, method, input) => json.encode({ params: [input ?? null], id, method }),
    openReply(body) {
      const envelope = recordOf(json.decode(body))
      const { result, error } = envelope
      return { output: result ?? undefined, error: typeof error === 'string' && error !== '' ? error : undefined }
    },
  }
}

/** Two length-prefixed parts: a small protobuf message with method, number and error, then the input or output as `inner` writes it. */
export function protoRpcFraming(contentType: string, inner: Codec): Framing {
  return {
    contentType,
    accept: inner.contentTypes[0],
    openRequest(body) {
      const { method, seq, body: bytes } = decodeProtoRpc(body)
      return {
        endpoint: method === '' ? undefined : method,
        input: () => inner.decode(bytes),
        reply: (output) => encodeProtoRpc({ method: '', seq, error: '', body: inner.encode(output) }),
        failure: (error) => encodeProtoRpc({ method: '', seq, error, body: empty }),
      }
    },
    request: (id, method, input) => encodeProtoRpc({ method, seq: BigInt(id), error: '', body: inner.encode(input) }),
    openReply(body) {
      const { error, body: bytes } = decodeProtoRpc(body)
      return { output: inner.decode(bytes), error: error === '' ? undefined : error }
    },
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw rpcErrors.envelopeInvalid('json-rpc', 'it is not an object')
}
