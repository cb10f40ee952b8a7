/** The least that a call can be in JavaScript: a header of length and number, one write a tick, JSON. No promise, no timer, no names. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Call, Peer } from '../contract.js'
import { listening } from '../listening.js'

const headerBytes = 8

/** Speaks over TCP, or over a Unix socket at the path that `place` gives. */
export function handWritten(place: () => string | undefined): Peer {
  return {
    async serve() {
      const server = createServer((socket) => {
        const send = writer(socket.setNoDelay())
        readFrames(socket, (id, text) => send(id, JSON.stringify(JSON.parse(text))))
      })
      const path = place()
      await listening(path === undefined ? server.listen(0, '127.0.0.1') : server.listen(path))
      return { address: path ?? String((server.address() as AddressInfo).port) }
    },
    async connect(address) {
      const socket = /^\d+$/.test(address) ? connect(Number(address), '127.0.0.1') : connect(address)
      await listening(socket, 'connect')
      return { call: caller(socket.setNoDelay()) }
    },
  }
}

export const peer = handWritten(() => undefined)

function caller(socket: Socket): Call {
  const slots: (((output: unknown) => void) | undefined)[] = []
  const free: number[] = []
  const send = writer(socket)
  readFrames(socket, (id, text) => {
    const done = slots[id]
    free.push(id)
    done?.(JSON.parse(text))
  })
  return (input, done) => {
    const id = free.pop() ?? slots.length
    slots[id] = done
    send(id, JSON.stringify(input))
  }
}

function writer(socket: Socket): (id: number, text: string) => void {
  let slab = Buffer.allocUnsafeSlow(1 << 18)
  let used = 0
  const flush = () => {
    socket.write(slab.subarray(0, used))
    used = 0
    // What the kernel has taken may be written over; what still waits may not.
    if (socket.writableLength > 0) slab = Buffer.allocUnsafeSlow(slab.length)
  }
  return (id, text) => {
    const most = headerBytes + text.length * 3
    if (used + most > slab.length && used > 0) flush()
    if (most > slab.length) slab = Buffer.allocUnsafeSlow(most)
    if (used === 0) process.nextTick(() => used > 0 && flush())
    const written = slab.write(text, used + headerBytes)
    slab.writeUInt32LE(written, used)
    slab.writeUInt32LE(id, used + 4)
    used += headerBytes + written
  }
}

function readFrames(socket: Socket, onFrame: (id: number, text: string) => void): void {
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
