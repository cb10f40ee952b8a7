import { bytesCodec } from '../codec/bytes.js'
import type { Codec } from '../codec/codec.js'
import { jsonCodec } from '../codec/json.js'

/** Which codec reads and writes which content type. */
export interface CodecTable {
  /** The one that is written with when nobody says otherwise. */
  readonly first: Codec
  /** Undefined when no codec answers to `contentType` (lower case, without parameters). */
  find(contentType: string): Codec | undefined
}

/**
 * What RPC speaks when it is given no codecs: JSON, which is the format of the wire, bytes, and protobuf messages as bytes, for endpoints that read them
 * themselves.
 */
export function wireCodecs(): readonly [Codec, ...Codec[]] {
  return [jsonCodec(), bytesCodec(), bytesCodec({ name: 'protobuf', contentTypes: ['application/protobuf', 'application/x-protobuf'] })]
}

/** A table of `codecs`, after which come the ones of the wire, so that a Go client is always understood. */
export function codecTable(codecs: readonly Codec[] = []): CodecTable {
  const all = [...codecs, ...wireCodecs()]
  const byType = new Map<string, Codec>()
  for (const codec of all) for (const type of codec.contentTypes) if (!byType.has(type)) byType.set(type, codec)
  return { first: all[0] as Codec, find: (contentType) => byType.get(contentType) }
}
