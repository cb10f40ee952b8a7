/** The head of a frame: `[u16 length of the payload][u8 type][u8 flags][u32 id]`, all numbers with the high byte first. */
export const headerBytes = 8

/** A payload's length is 16 bits, so no frame can hold up the others for longer than 64 KiB take. */
export const maxPayloadBytes = 65_535

/** What a frame is. From 128 on a type may be skipped by who does not know it; below, not knowing it ends the connection. */
export const frameType = {
  hello: 1,
  route: 2,
  call: 3,
  reply: 4,
  error: 5,
  cancel: 6,
  chunk: 7,
  message: 8,
  end: 9,
  credit: 10,
  ping: 11,
  pong: 12,
  goaway: 13,
  define: 14,
} as const

/** The first type that may be skipped. */
export const firstSkippableType = 128

/** Bits of a frame's flags. 4 and 8 mean something else for each type; a bit that is not listed is ignored. */
export const frameFlag = {
  /** The message goes on in CHUNK frames of the same id; its length stands before its metadata. */
  more: 1,
  /** A block of metadata stands before the body. */
  metadata: 2,
  /** CALL: the input comes as MESSAGE frames. */
  inputStream: 4,
  /** CALL: the caller takes MESSAGE frames. */
  outputStream: 8,
  /** ERROR: the work was not begun, so another node may be asked. */
  refused: 4,
  /** GOAWAY: what is in work is finished, nothing new is begun. */
  drain: 4,
} as const

/** A frame as it lies in what was read: the reader has one, and fills it anew for each. */
export class Frame {
  type = 0
  flags = 0
  id = 0
  buffer: Buffer = Buffer.alloc(0)
  /** Where the payload begins. */
  start = 0
  /** One past its last byte. */
  end = 0
}

/** Writes the head of a frame at `at`, which is where its payload begins less {@link headerBytes}. */
export function writeHeader(buffer: Buffer, at: number, type: number, flags: number, id: number): void {
  buffer[at + 2] = type
  buffer[at + 3] = flags
  writeU32(buffer, at + 4, id)
}

/** Writes the length, once it is known. */
export function writeLength(buffer: Buffer, at: number, payloadBytes: number): void {
  buffer[at] = payloadBytes >>> 8
  buffer[at + 1] = payloadBytes
}

/** Four bytes, the high one first. By hand, since Buffer's own checks its arguments for longer than this takes. */
export function writeU32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 24
  buffer[at + 1] = value >>> 16
  buffer[at + 2] = value >>> 8
  buffer[at + 3] = value
}

/** The other way round: 0 to 2^32 - 1. Who calls has seen that the bytes are there. */
export function readU32(buffer: Buffer, at: number): number {
  const high = buffer[at] as number
  const low = ((buffer[at + 1] as number) << 16) | ((buffer[at + 2] as number) << 8) | (buffer[at + 3] as number)
  // A shift into bit 31 would give a negative number; a small one stays an integer for the engine.
  return high < 128 ? (high << 24) | low : high * 0x1000000 + low
}

/** Two bytes, the high one first. */
export function readU16(buffer: Buffer, at: number): number {
  return ((buffer[at] as number) << 8) | (buffer[at + 1] as number)
}

/** A frame of its own, for what is rare. */
export function frameOf(type: number, flags: number, id: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const frame = Buffer.alloc(headerBytes + payload.length)
  writeLength(frame, 0, payload.length)
  writeHeader(frame, 0, type, flags, id)
  frame.set(payload, headerBytes)
  return frame
}
