/**
 * The limit: what `node:net` gives when nothing is wanted but the echo of a JSON value. An 8-byte header (`[u32 length][u32 slot]`), a list of callbacks, one write per tick, JSON
 * on both sides. No names, no deadlines, no metadata, no errors, no end.
 */
import { connect, createServer, type Socket } from 'node:net'
import type { Echo } from './echo.js'

const slabBytes = 262_144

/** Writes of one tick, together. */
function outbox(socket: Socket) {
  let slab = Buffer.allocUnsafeSlow(slabBytes)
  let from = 0
  let at = 0
  let isScheduled = false
  const flush = () => {
    isScheduled = false
    socket.write(slab.subarray(from, at))
    from = at
    if (socket.writableLength === 0) from = at = 0
  }
  return (slot: number, value: unknown) => {
    const text = JSON.stringify(value)
    if (slab.length - at < 8 + text.length * 3) {
      if (at > from) socket.write(slab.subarray(from, at))
      slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, 8 + text.length * 3))
      from = at = 0
    }
    const bytes = slab.write(text, at + 8)
    slab[at] = bytes >>> 24
    slab[at + 1] = bytes >>> 16
    slab[at + 2] = bytes >>> 8
    slab[at + 3] = bytes
    slab[at + 4] = slot >>> 24
    slab[at + 5] = slot >>> 16
    slab[at + 6] = slot >>> 8
    slab[at + 7] = slot
    at += 8 + bytes
    if (!isScheduled) {
      isScheduled = true
      process.nextTick(flush)
    }
  }
}

/** Calls `onValue` for each frame. Collects what is cut, once. */
function reader(socket: Socket, onValue: (slot: number, value: unknown) => void): void {
  let kept: Buffer[] = []
  let keptBytes = 0
  let wanted = 8
  const u32 = (bytes: Buffer, at: number) =>
    ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
  socket.on('data', (chunk: Buffer) => {
    let bytes = chunk
    if (keptBytes > 0) {
      kept.push(chunk)
      keptBytes += chunk.length
      if (keptBytes < wanted) return
      bytes = Buffer.concat(kept)
      kept = []
      keptBytes = 0
    }
    let at = 0
    for (;;) {
      wanted = bytes.length - at < 8 ? 8 : 8 + u32(bytes, at)
      if (bytes.length - at < wanted) break
      onValue(u32(bytes, at + 4), JSON.parse(bytes.toString('utf8', at + 8, at + wanted)))
      at += wanted
    }
    if (at === bytes.length) return
    kept = [bytes.subarray(at)]
    keptBytes = bytes.length - at
  })
}

/** The hand-written limit, as something that echoes. */
export const limit: Echo = {
  serve: () =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        socket.setNoDelay(true)
        socket.on('error', () => socket.destroy())
        reader(socket, outbox(socket))
      }).listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    }),
  open: (port) =>
    new Promise((resolve) => {
      const waiting: ((value: unknown) => void)[] = []
      const free: number[] = []
      const socket = connect(port, '127.0.0.1', () => {
        socket.setNoDelay(true)
        const send = outbox(socket)
        reader(socket, (slot, value) => {
          free.push(slot)
          const done = waiting[slot] as (value: unknown) => void
          done(value)
        })
        resolve({
          call(value, done) {
            const slot = free.pop() ?? waiting.length
            waiting[slot] = done
            send(slot, value)
          },
          close: () => socket.destroy(),
        })
      })
    }),
}
