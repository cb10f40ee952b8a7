import type { Protocol } from '../transport.js'

/** More bytes than this are not needed to tell any protocol. */
export const maxDetectBytes = 64

/**
 * The first of `protocols` that says `yes` to `head`; `more` when one before it may still do; undefined when all say no.
 * From `maxDetectBytes` on nobody is waited for any more.
 */
export function detect<P extends Protocol<never>>(protocols: readonly P[], head: Uint8Array): P | 'more' | undefined {
  const bytes = head.length > maxDetectBytes ? head.subarray(0, maxDetectBytes) : head
  const isLast = bytes.length === maxDetectBytes
  for (const protocol of protocols) {
    const said = protocol.detect(bytes)
    if (said === 'yes') return protocol
    if (said === 'more' && !isLast) return 'more'
  }
  return undefined
}

/** Whether a connection begins with a TLS ClientHello: a handshake record (22) of any version 3.x. */
export function isTls(head: Uint8Array): 'yes' | 'no' | 'more' {
  if (head[0] !== 0x16) return 'no'
  if (head.length < 2) return 'more'
  return head[1] === 0x03 ? 'yes' : 'no'
}
