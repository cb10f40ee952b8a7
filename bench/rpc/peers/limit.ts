/** The least that a call can be in JavaScript: a header of length and number, one write a tick, JSON. No promise, no timer, no names. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Call, Peer } from '../contract.js'
import { readFrames, writer } from '../frames.js'
import { listening } from '../listening.js'

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
