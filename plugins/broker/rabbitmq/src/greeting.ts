import { connect } from 'node:net'
import type { Clock } from '@microts/core/base'
import type { Server } from './servers.js'

const protocolHeader = Buffer.from([65, 77, 81, 80, 0, 0, 9, 1])
const shownBytes = 60
// A server that was spoken to in another language than its own says so, or hangs up.
const silenceMs = 500

/**
 * What answers at `server` to AMQP's first bytes, when that is no RabbitMQ server; undefined when it is one, or says nothing.
 *
 * Asked when the library could not make anything of it, which of an HTTP server only tells that the connection ended (5.0.8, tried).
 */
export function otherGreeting(server: Server, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.host, port: server.port })
    let heard = Buffer.alloc(0)
    const cancel = clock.after(silenceMs, () => socket.destroy())
    // HTTP servers answer to a whole line only.
    socket.once('connect', () => socket.write(Buffer.concat([protocolHeader, Buffer.from('\r\n\r\n')])))
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk])
      if (heard.length >= shownBytes || isRabbitmq(heard)) socket.destroy()
    })
    socket.on('error', () => undefined) // 'close' follows
    socket.once('close', () => {
      cancel()
      resolve(heard.length === 0 || isRabbitmq(heard) ? undefined : shown(heard))
    })
  })
}

// A method frame of channel 0 whose method is connection.start.
const isRabbitmq = (heard: Buffer) =>
  heard.length > 10 && heard[0] === 1 && heard.readUInt16BE(1) === 0 && heard.readUInt32BE(7) === 0x000a000a

function shown(heard: Buffer): string {
  if (heard.subarray(0, 4).toString('latin1') === 'AMQP') return `AMQP ${[...heard.subarray(4, 8)].join('-')}`
  return heard.subarray(0, shownBytes).toString('latin1').split(/\r?\n/, 1)[0] ?? ''
}
