import { nativeErrors } from './errors.js'

/** `0x9d`, "micro", the version and the revision. No HTTP method, no TLS record and no text in UTF-8 begins with that byte. */
const magic = Buffer.from([0x9d, 0x6d, 0x69, 0x63, 0x72, 0x6f])

/** A change of the version ends the understanding; a change of the revision adds what the other side may ignore. */
const version = 1
const revision = 0

/** How long a preface is. */
export const prefaceBytes = 8

/** What each side sends before its first frame. */
export function preface(): Buffer {
  return Buffer.from([...magic, version, revision])
}

/** Whether a connection that begins with `head` speaks the native framing; undefined while too little of it is there. */
export function isNative(head: Uint8Array): boolean | undefined {
  const length = Math.min(head.length, magic.length)
  for (let at = 0; at < length; at++) if (head[at] !== magic[at]) return false
  return head.length >= magic.length ? true : undefined
}

/**
 * Reads the preface at the front of `bytes`, which has 8 bytes or more.
 *
 * @throws `unimplemented`/`PREFACE_INVALID` for another protocol, `unimplemented`/`VERSION_UNSUPPORTED` for another version; every revision is fine
 */
export function checkPreface(bytes: Uint8Array): void {
  if (isNative(bytes) !== true) throw nativeErrors.prefaceInvalid()
  const found = bytes[magic.length] as number
  if (found !== version) throw nativeErrors.versionUnsupported(found, version)
}
