import { get } from 'node:http'
import { connect } from 'node:net'
import { type Clock, sleep } from '@microts/core/base'
import type { ReadyCheck } from './manifest.js'

// Often enough that nobody waits for us, and seldom enough that a program that starts is not in the way of itself.
const betweenMs = 50
const answerMs = 2000

/** Resolves when the software answers on its ports as `check` asks; rejects with the signal's reason when that aborts. */
export async function waitUntilAnswers(
  check: ReadyCheck,
  ports: Readonly<Record<string, number>>,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const { http, tcp } = check
  const isReady = async () => {
    if (http !== undefined && !(await answersHttp(ports[http.port] ?? 0, http.path))) return false
    return tcp === undefined || (await acceptsTcp(ports[tcp.port] ?? 0))
  }
  while (!(await isReady())) await sleep(betweenMs, options)
}

/** Whether something on 127.0.0.1 answers with a status below 500. */
export function answersHttp(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, timeout: answerMs, agent: false }, (response) => {
      response.resume()
      resolve((response.statusCode ?? 500) < 500)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
    request.on('close', () => resolve(false))
  })
}

/** Whether something on 127.0.0.1 accepts a connection. */
export function acceptsTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: answerMs }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('timeout', () => socket.destroy())
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
  })
}
