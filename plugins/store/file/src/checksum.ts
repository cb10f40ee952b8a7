import { crc32 } from 'node:zlib'

/** CRC-32 of `bytes` that goes on from `salt`. Of no bytes it is `salt`, which zlib gives or not, depending on where the nothing lies. */
export function checksum(bytes: Uint8Array, salt: number): number {
  return bytes.byteLength === 0 ? salt : crc32(bytes, salt)
}
