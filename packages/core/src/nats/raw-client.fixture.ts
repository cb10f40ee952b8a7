import { connect, type Socket } from 'node:net'

/** A socket that a test types protocol text into. */
export interface RawClient {
  readonly socket: Socket
  /** The first INFO, as the server sent it. */
  readonly info: string
  /** All that came so far, without the first INFO. */
  readonly text: () => string
  /** Whether the server has closed. */
  readonly isClosed: () => boolean
  send(text: string): void
  /** Resolves with what came when `wanted` is in it, or when the server has closed. */
  until(wanted: string): Promise<string>
  /** Resolves with what came when it is as wanted, or when the server has closed. */
  when(isWanted: (text: string) => boolean): Promise<string>
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
  const infoEnd = received.indexOf('\r\n') + 2
  const info = received.slice(0, infoEnd)
  received = received.slice(infoEnd)

  const when = async (isWanted: (text: string) => boolean) => {
    while (!isClosed && !isWanted(received)) await step()
    return received
  }
  return {
    socket,
    info,
    text: () => received,
    isClosed: () => isClosed,
    send: (text) => void socket.write(text, 'latin1'),
    until: (wanted) => when((text) => text.includes(wanted)),
    when,
    ended: () => when(() => false),
    close: () => socket.destroy(),
  }
}
