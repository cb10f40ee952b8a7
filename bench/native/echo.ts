/** What is measured: an echo between two processes, and what it costs both of them. */
import { engine } from './engine.js'
import { limit } from './limit.js'

/** Something that echoes a value over a socket. */
export interface Echo {
  /** Listens on loopback, and gives the port. */
  serve(): Promise<number>
  open(port: number): Promise<{ call(value: unknown, done: (value: unknown) => void): unknown; close(): void }>
}

/** Both of them. */
export const echoes = { engine, limit } as const

/** JSON of about 128 bytes, 1 KiB or 64 KiB, for 1, 9 and 588 items. */
export function payload(items: number): unknown {
  const item = (n: number) => ({
    id: n,
    name: `item ${n} of many`,
    n: n * 7,
    score: n / 3 + 0.25,
    ok: n % 2 === 0,
    data: 'abcdefghijklmnopqrstuvwxyz'.slice(0, 20),
  })
  return { items: Array.from({ length: items }, (_, n) => item(n)) }
}

/** Runs in a process of its own: serves until its standard input ends, and says on request what that has cost. */
export async function serveProcess(name: keyof typeof echoes): Promise<void> {
  const port = await echoes[name].serve()
  process.on('message', () => process.send?.(process.cpuUsage()))
  process.on('disconnect', () => process.exit(0))
  process.send?.(port)
}

/** Runs in a process of its own: on request makes so many calls, and says what that has cost. */
export async function callProcess(name: keyof typeof echoes, port: number): Promise<void> {
  const client = await echoes[name].open(port)
  process.on('disconnect', () => process.exit(0))
  process.on('message', ({ calls, concurrent, items }: { calls: number; concurrent: number; items: number }) => {
    const value = payload(items)
    const before = process.cpuUsage()
    const startedAt = performance.now()
    let sent = 0
    let answered = 0
    const next = () => {
      sent += 1
      void client.call(value, onAnswer)
    }
    const onAnswer = (answer: unknown) => {
      if ((answer as { items: unknown[] }).items.length !== items) throw new Error('another value came back')
      answered += 1
      if (sent < calls) next()
      else if (answered === calls) process.send?.({ cpu: process.cpuUsage(before), wallMs: performance.now() - startedAt })
    }
    for (let n = 0; n < concurrent; n++) next()
  })
  process.send?.(0)
}
