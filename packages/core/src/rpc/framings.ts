import type { Codec } from '../codec/codec.js'
import type { CodecTable } from './codecs.js'
import { type Framing, jsonRpcFraming, plainFraming, protoRpcFraming } from './framing.js'

/** Which framing a body has. */
export interface Framings {
  /** By content type, exactly as it was sent; undefined when nobody reads it. `isBare`: no header says what is called, so an envelope must. */
  find(contentType: string, isBare?: boolean): Framing | undefined
  /** What is sent to a node that has no `protocol` in its metadata. */
  old(codec: Codec): Framing
}

/** The framings over `codecs`. */
export function createFramings(codecs: CodecTable): Framings {
  const json = codecs.find('application/json') as Codec
  const protobuf = codecs.find('application/protobuf') as Codec
  const jsonRpc = jsonRpcFraming('application/json-rpc', json)
  const protoRpc = protoRpcFraming('application/proto-rpc', protobuf)
  const bareJson = jsonRpcFraming('application/json', json)
  const bareProtobuf = protoRpcFraming('application/protobuf', protobuf)
  const plain = new Map<string, Framing>()

  const find = (contentType: string): Framing | undefined => {
    const known = plain.get(contentType)
    if (known !== undefined) return known
    if (contentType === jsonRpc.contentType) return jsonRpc
    if (contentType === protoRpc.contentType) return protoRpc
    const codec = codecs.find(contentType)
    if (codec === undefined) return undefined
    const framing = plainFraming(contentType, codec)
    plain.set(contentType, framing)
    return framing
  }

  return {
    find(contentType, isBare = false) {
      if (isBare && contentType === 'application/json') return bareJson
      if (isBare && contentType === 'application/protobuf') return bareProtobuf
      return find(contentType)
    },
    old(codec) {
      const [contentType] = codec.contentTypes
      if (contentType === 'application/json') return jsonRpc
      if (contentType === 'application/protobuf') return protoRpc
      return find(contentType) ?? plainFraming(contentType, codec)
    },
  }
}
