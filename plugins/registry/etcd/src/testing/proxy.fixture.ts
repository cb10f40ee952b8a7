import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to etcd that can be cut, and that counts what goes through it. */
export interface Proxy {
  readonly url: string
  /** How often a path was posted to: `kv/range`. */
  count(path: string): number
  /** Ends all connections, and takes no more until `mend`. */
  cut(): Promise<void>
  mend(): Promise<void>
  close(): Promise<void>
}

/** A proxy on loopback, on any free port, to the port of `target`. */
export async function startProxy(target: string): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const counts = new Map<string, number>()
  const server = createServer((client) => {
    const etcd = connect(Number(new URL(target).port), '127.0.0.1')
    for (const [socket, other] of [
      [client, etcd],
      [etcd, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      for (const [, path = ''] of chunk.toString('latin1').matchAll(/POST \/v3\/(\S+) HTTP/g)) counts.set(path, (counts.get(path) ?? 0) + 1)
    })
    client.pipe(etcd)
    etcd.pipe(client)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return { url: `http://127.0.0.1:${port}`, count: (path) => counts.get(path) ?? 0, cut, mend: () => listen(port), close: cut }
}
