/** A process of this bench, told what to do from the outside. */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Command } from './process.js'

/** A child process. */
export interface Child {
  /** Rejects with what it answered, or when it has ended. */
  ask<Result>(command: Command): Promise<Result>
  /** Lets it close what it opened, and ends it. */
  end(): Promise<void>
}

/** Where the programs are, and what they are told. */
export interface Programs {
  /** With `process.js` and `peers/`. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

const answerMs = 60_000

/** Starts one side of a peer. Ours find each other, and nobody else, by `project`. */
export function startChild({ folder, env }: Programs, side: 'serve' | 'connect', peer: string, project: string): Child {
  const child = fork(join(folder, 'process.js'), [side, peer], {
    env: { ...env, BENCH_PROJECT: project },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  let said = ''
  let ids = 0
  const fail = (why: string) => {
    for (const { reject } of waiting.values()) reject(new Error(`${peer} (${side}): ${why}`))
  }
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)))
  const exited = new Promise<void>((resolve) => {
    const ended = (why: string) => {
      fail(why)
      resolve()
    }
    child.once('error', ({ message }) => ended(message))
    child.once('exit', (code, signal) => ended(`ended with ${signal ?? String(code)}. ${reasonIn(said)}`))
  })
  child.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
    const asked = waiting.get(id)
    if (error === undefined) asked?.resolve(result)
    else asked?.reject(new Error(`${peer} (${side}): ${error}`))
  })
  const ask = (command: Command, withinMs: number) =>
    new Promise<unknown>((resolve, reject) => {
      const id = ids++
      const settled = () => {
        waiting.delete(id)
        clearTimeout(timer)
      }
      const settle = {
        resolve(result: unknown) {
          settled()
          resolve(result)
        },
        reject(error: Error) {
          settled()
          reject(error)
        },
      }
      const timer = setTimeout(() => settle.reject(new Error(`${peer} (${side}): no answer within ${withinMs / 1000} s`)), withinMs)
      waiting.set(id, settle)
      if (child.connected) child.send({ id, command })
      else fail(`it has ended. ${reasonIn(said)}`)
    })
  return {
    ask: <Result>(command: Command) => ask(command, answerMs) as Promise<Result>,
    async end() {
      // Whether it could close says nothing about what was measured.
      if (child.exitCode === null) await ask({ do: 'close' }, 1000).catch(() => undefined)
      if (child.connected) child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
      await exited
      clearTimeout(timer)
    },
  }
}

/** The line of an uncaught error that says what it is. */
function reasonIn(said: string): string {
  return (said.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? said.trim().split('\n').at(-1) ?? '').trim()
}
