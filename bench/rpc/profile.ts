/** Where the CPU time of this process goes, by function, with the source file that a bundle names above it. */
import { readFileSync } from 'node:fs'
import { Session, type Profiler } from 'node:inspector'
import { fileURLToPath } from 'node:url'

/** A function, and its own part of the time. */
export interface Hot {
  /** `send`; `(garbage collector)` and the like are no functions. */
  readonly name: string
  /** `packages/core/src/rpc/client.ts`. Empty for what is not JavaScript. */
  readonly file: string
  /** Of all time in which the process did something. */
  readonly share: number
}

/** Samples until the function that it gives is called, which resolves with the functions, the hottest first. */
export function startProfile(): () => Promise<readonly Hot[]> {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.setSamplingInterval', { interval: 500 })
  session.post('Profiler.start')
  return () =>
    new Promise((resolve, reject) => {
      session.post('Profiler.stop', (error, { profile }) => {
        session.disconnect()
        if (error === null) resolve(hottest(profile))
        else reject(error)
      })
    })
}

function hottest({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): readonly Hot[] {
  const nodeOf = new Map(nodes.map((node) => [node.id, node]))
  const modules = moduleNames()
  const found = new Map<string, { name: string; file: string; time: number }>()
  let busy = 0
  samples.forEach((id, index) => {
    const frame = nodeOf.get(id)?.callFrame
    if (frame === undefined || frame.functionName === '(idle)') return
    const time = timeDeltas[index] ?? 0
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName
    const file = modules(frame.url, frame.lineNumber)
    const hot = found.get(`${name} ${file}`) ?? { name, file, time: 0 }
    found.set(`${name} ${file}`, { ...hot, time: hot.time + time })
    busy += time
  })
  return [...found.values()].map(({ name, file, time }) => ({ name, file, share: time / busy })).sort((a, b) => b.share - a.share)
}

/** esbuild writes the path of each module as a comment above it. */
function moduleNames(): (url: string, line: number) => string {
  const texts = new Map<string, readonly string[]>()
  return (url, line) => {
    if (!url.startsWith('file:')) return url
    const lines = texts.get(url) ?? readFileSync(fileURLToPath(url), 'utf8').split('\n')
    texts.set(url, lines)
    for (let at = line; at >= 0; at--) {
      const path = /^\/\/ (\S+\.[cm]?[jt]s)$/.exec(lines[at] ?? '')?.[1]
      if (path !== undefined) return path
    }
    return url.replace(/^.*\/node_modules\//, '')
  }
}
