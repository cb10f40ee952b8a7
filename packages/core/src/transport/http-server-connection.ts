import type { Socket } from 'node:net'
import { baseErrors } from '../base/index.js'
import { formatAddress } from './address.js'
import { transportErrors } from './errors.js'
import { checkedHeader } from './header.js'
import { mailbox } from './mailbox.js'
import type { Connection, Frame } from './transport.js'

/** The listener's end of a connection: each frame comes with the way to answer it. */
export interface HttpServerConnection extends Connection {
  take(frame: Frame, answer: (header: Frame['header'], body: Uint8Array) => void): void
}

/** The frames that come over `socket`; the oldest one that is not answered is the one that `send` answers. */
export function httpServerConnection(socket: Socket): HttpServerConnection {
  const inbox = mailbox()
  const unanswered: ((header: Frame['header'], body: Uint8Array) => void)[] = []
  const remote = formatAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0)
  const local = formatAddress(socket.localAddress ?? '', socket.localPort ?? 0)
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      inbox.end()
      resolve()
    })
  })

  return {
    local,
    remote,
    closed,
    take(frame, answer) {
      unanswered.push(answer)
      inbox.put(frame)
    },
    receive: (options) => inbox.receive(options),
    async send(frame) {
      if (socket.destroyed) throw transportErrors.connectionClosed(remote)
      const header = checkedHeader(frame.header)
      const answer = unanswered.shift()
      if (answer === undefined) throw baseErrors.unimplemented('the http transport', 'concurrent', 'Answer each frame once.')
      answer(header, frame.body)
    },
    close() {
      if (unanswered.length === 0) socket.destroySoon()
      else socket.destroy()
      return closed
    },
  }
}
