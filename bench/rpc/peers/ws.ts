/** ws: a frame a call, `[number, payload]` as JSON. A library, not a framework: names, errors and deadlines are left to who uses it. */
import { load, type Peer } from '../contract.js'
import { freePort, listening } from '../listening.js'

interface Socket extends NodeJS.EventEmitter {
  send(text: string): void
}
interface Ws {
  readonly WebSocketServer: new (options: { host: string; port: number }) => NodeJS.EventEmitter
  readonly WebSocket: new (url: string) => Socket
}

export const peer: Peer = {
  async serve() {
    const { WebSocketServer } = await load<Ws>('ws')
    const port = await freePort()
    const server = new WebSocketServer({ host: '127.0.0.1', port })
    server.on('connection', (socket: Socket) => {
      socket.on('message', (text: Buffer) => socket.send(JSON.stringify(JSON.parse(text.toString()))))
    })
    await listening(server)
    return { address: `ws://127.0.0.1:${port}` }
  },
  async connect(address) {
    const { WebSocket } = await load<Ws>('ws')
    const socket = new WebSocket(address)
    await listening(socket, 'open')
    const slots: (((output: unknown) => void) | undefined)[] = []
    const free: number[] = []
    socket.on('message', (text: Buffer) => {
      const [id, output] = JSON.parse(text.toString()) as [number, unknown]
      const done = slots[id]
      free.push(id)
      done?.(output)
    })
    return {
      call(input, done) {
        const id = free.pop() ?? slots.length
        slots[id] = done
        socket.send(JSON.stringify([id, input]))
      },
    }
  },
}
