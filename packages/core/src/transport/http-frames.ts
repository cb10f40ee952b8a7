import type { Socket } from 'node:net'
import { formatAddress } from './address.js'
import { transportErrors } from './errors.js'
import { checkedHeader } from './header.js'
import { mailbox } from './mailbox.js'
import type { Connection, Frame } from './transport.js'

/** The listener's end of an HTTP connection, as whoever answers its frames sees it. */
export interface HttpFrames extends Connection {
  /** Hands over a frame of the client's. */
  put(frame: Frame): void
  /** Bytes of frames that nobody has received yet. */
  readonly waitingBytes: number
}

// What a frame costs besides its body, so that a flood of empty ones counts too.
const frameBytes = 512

/**
 * The frames that come over `socket`. `write` puts a frame on the wire, or throws when there is none to answer; `onReceived` is told whenever one has been taken.
 */
export function httpFrames(socket: Socket, write: (frame: Frame) => void, onReceived: () => void): HttpFrames {
  const inbox = mailbox()
  const remote = formatAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0)
  const local = formatAddress(socket.localAddress ?? '', socket.localPort ?? 0)
  let waitingBytes = 0
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      inbox.end()
      resolve()
    })
  })
  const received = (frame: Frame | undefined) => {
    if (frame !== undefined) {
      waitingBytes -= frameBytes + frame.body.length
      onReceived()
    }
    return frame
  }

  return {
    local,
    remote,
    closed,
    put(frame) {
      waitingBytes += frameBytes + frame.body.length
      inbox.put(frame)
    },
    get waitingBytes() {
      return waitingBytes
    },
    receive: (options) => inbox.receive(options).then(received),
    async send(frame) {
      if (socket.destroyed || socket.writableEnded) throw transportErrors.connectionClosed(remote)
      const header = checkedHeader(frame.header)
      write(header === frame.header ? frame : { header, body: frame.body })
      if (socket.writableNeedDrain) await drained(socket)
    },
    close() {
      if (!socket.destroyed) socket.destroySoon()
      return closed
    },
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.removeListener('drain', done)
      socket.removeListener('close', done)
      resolve()
    }
    socket.once('drain', done)
    socket.once('close', done)
  })
}
