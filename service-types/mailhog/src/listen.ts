import type { EventEmitter } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { mailErrors, type PortName } from './errors.js'

/** A server that can be told to listen and that says `error` when it cannot: node's, or smtp-server's around it. */
export interface Listener extends EventEmitter {
  listen(port: number, host: string, listening: () => void): Server
}

/**
 * Starts a server on `port`, 0 for any free one, and gives the port that it has.
 *
 * @throws MicroError `PORT_TAKEN`, `PORT_NOT_PERMITTED` or `HOST_NOT_AVAILABLE`; anything else of the system's, unchanged
 */
export function listen(server: Listener, name: PortName, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(explain(error, name, host, port))
    server.once('error', failed)
    const bound = server.listen(port, host, () => {
      server.off('error', failed)
      resolve((bound.address() as AddressInfo).port)
    })
  })
}

function explain(error: NodeJS.ErrnoException, name: PortName, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') return mailErrors.portTaken(name, host, port, error)
  if (error.code === 'EACCES') return mailErrors.portNotPermitted(name, host, port, error)
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return mailErrors.hostNotAvailable(name, host, error)
  return error
}
