/** What the native framing costs above the least that a call can cost. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { ComparisonBench } from '../bench.js'
import type { Comparison } from '../compare.js'
import type { echoes } from './echo.js'

type Name = keyof typeof echoes

const program = new URL('./echo.ts', import.meta.url).href

const bench: ComparisonBench = {
  about: 'CPU time of client and server for 1,000 echoes over loopback, against hand-written framing (bench/native/limit.ts)',
  async prepare() {
    const ours = await bothEnds('engine')
    const limit = await bothEnds('limit')
    // A ratio of CPU times is 1 / 0.85 where the rate is 0.85 of the limit's.
    const comparison = (name: string, items: number, calls: number, atMost: number): Comparison => ({
      name,
      subject: () => ours.cost(items, calls),
      baseline: () => limit.cost(items, calls),
      atMost,
    })
    return {
      comparisons: [
        comparison('128 B x 64', 1, 40_000, 1 / 0.85),
        comparison('1 KiB x 64', 9, 10_000, 1 / 0.95),
        comparison('64 KiB x 64', 588, 400, 1 / 0.97),
      ],
      async close() {
        await Promise.all([ours.close(), limit.close()])
      },
    }
  },
}

export default bench

/** A server and a client that call each other, in a process each, warmed up. */
async function bothEnds(name: Name) {
  const server = child(`serveProcess('${name}')`)
  const port = await server.next<number>()
  const client = child(`callProcess('${name}', ${port})`)
  await client.next()
  const cpuOfServer = () => server.ask<NodeJS.CpuUsage>({})
  const cost = async (items: number, calls: number): Promise<number> => {
    const before = await cpuOfServer()
    const { cpu } = await client.ask<{ cpu: NodeJS.CpuUsage }>({ calls, concurrent: 64, items })
    const after = await cpuOfServer()
    return (total(after) - total(before) + total(cpu)) / calls
  }
  for (const items of [1, 9, 588]) await cost(items, items === 588 ? 300 : 30_000)
  return {
    /** Milliseconds for 1,000 calls. */
    cost,
    close: () => Promise.all([client.end(), server.end()]),
  }
}

function total({ user, system }: NodeJS.CpuUsage): number {
  return user + system
}

function child(call: string) {
  const source = `const echo = await import(${JSON.stringify(program)}); await echo.${call}`
  const args = [
    '--conditions=@microts/source',
    '--import',
    'tsx',
    ...process.execArgv.filter((arg) => arg.startsWith('--cpu-prof')),
    '--input-type=module',
    '-e',
    source,
  ]
  const started: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const next = <T>() =>
    new Promise<T>((resolve, reject) => {
      const onExit = () => reject(new Error(`${call}: the process has ended`))
      started.once('exit', onExit)
      started.once('message', (message) => {
        started.off('exit', onExit)
        resolve(message as T)
      })
    })
  return {
    next,
    ask<T>(message: object) {
      const answer = next<T>()
      started.send(message)
      return answer
    },
    end() {
      const ended = new Promise((resolve) => started.once('exit', resolve))
      if (started.connected) started.disconnect()
      return ended
    },
  }
}
