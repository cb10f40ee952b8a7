/** Frames of a length, a number and a text, by hand: 4 + 4 bytes, little-endian, then UTF-8. */
import type { Socket } from 'node:net'

const headerBytes = 8
const slabBytes = 1 << 16

/** Writes frames: all of a tick at once, but for large ones. */
export function writer(socket: Socket): (id: number, text: string) => void {
  let slab = Buffer.allocUnsafeSlow(slabBytes)
  let used = 0
  const flush = () => {
    if (used > 0) socket.write(slab.subarray(0, used))
    used = 0
    // What the kernel has taken may be written over; what still waits may not.
    if (socket.writableLength > 0) slab = Buffer.allocUnsafeSlow(slabBytes)
  }
  const writeAlone = (id: number, text: string) => {
    if (used > 0) flush()
    const frame = Buffer.allocUnsafe(headerBytes + Buffer.byteLength(text))
    frame.writeUInt32LE(frame.length - headerBytes, 0)
    frame.writeUInt32LE(id, 4)
    frame.write(text, headerBytes)
    socket.write(frame)
  }
  return (id, text) => {
    const most = headerBytes + text.length * 3
    if (most > slabBytes / 4) return writeAlone(id, text)
    if (used + most > slabBytes) flush()
    if (used === 0) process.nextTick(flush)
    const written = slab.write(text, used + headerBytes)
    slab.writeUInt32LE(written, used)
    slab.writeUInt32LE(id, used + 4)
    used += headerBytes + written
  }
}

/** Calls `onFrame` with each frame, whole, however it was split on its way. */
export function readFrames(socket: Socket, onFrame: (id: number, text: string) => void): void {
  let held: Buffer[] = []
  let wanted = 0
  socket.on('data', (chunk: Buffer) => {
    held.push(chunk)
    const bytes = held.reduce((sum, { length }) => sum + length, 0)
    if (bytes < wanted) return
    const buffer = held.length === 1 ? chunk : Buffer.concat(held, bytes)
    let at = 0
    for (wanted = headerBytes; bytes - at >= headerBytes; wanted = headerBytes) {
      wanted = headerBytes + buffer.readUInt32LE(at)
      if (bytes - at < wanted) break
      onFrame(buffer.readUInt32LE(at + 4), buffer.toString('utf8', at + headerBytes, at + wanted))
      at += wanted
    }
    held = at === bytes ? [] : [buffer.subarray(at)]
  })
}
