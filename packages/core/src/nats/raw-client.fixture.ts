import { connect, type Socket } from 'node:net'

/** A socket that a test types protocol text into. */
export interface RawClient {
  readonly socket: Socket
  /** All that came so far, without the first INFO. */
  readonly text: () => string
  send(text: string): void
  /** Resolves with what came when `wanted` is in it, or when the server has closed. */
  until(wanted: string): Promise<string>
  /** Resolves with what came when the server has closed. */
  ended(): Promise<string>
  close(): void
}

/** For tests: connects to `port` on loopback and waits for INFO. */
export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  let isClosed = false
  let wake: () => void = () => undefined
  const step = () => new Promise<void>((resolve) => (wake = resolve))
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
    wake()
  })
  // 'close' follows.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
    wake()
  })
  while (!received.includes('\r\n') && !isClosed) await step()
  received = received.slice(received.indexOf('\r\n') + 2)

  const until = async (wanted: string | undefined) => {
    while (!isClosed && (wanted === undefined || !received.includes(wanted))) await step()
    return received
  }
  return {
    socket,
    text: () => received,
    send: (text) => void socket.write(text, 'latin1'),
    until,
    ended: () => until(undefined),
    close: () => socket.destroy(),
  }
}
