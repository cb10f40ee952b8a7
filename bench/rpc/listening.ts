import { createServer, type AddressInfo } from 'node:net'

/** Resolves when `opening` says that it is open, rejects when it fails first. */
export function listening(opening: NodeJS.EventEmitter, event: 'listening' | 'connect' | 'open' = 'listening'): Promise<void> {
  return new Promise((resolve, reject) => {
    opening.once(event, resolve)
    opening.once('error', reject)
  })
}

/** A port that was free a moment ago, for a library that cannot say which one it was given. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await listening(server)
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
