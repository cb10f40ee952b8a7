/** Where the CPU time of this process goes, by function, with the source file that a bundle names above it. */
import { readFileSync } from 'node:fs'
import { Session, type Profiler } from 'node:inspector'
import { fileURLToPath } from 'node:url'

/** A function, and its own part of the time. */
export interface Hot {
  /** `send packages/core/src/rpc/client.ts`. */
  readonly where: string
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
  const times = new Map<string, number>()
  let busy = 0
  samples.forEach((id, index) => {
    const frame = nodeOf.get(id)?.callFrame
    if (frame === undefined || frame.functionName === '(idle)') return
    const time = timeDeltas[index] ?? 0
    const where = `${frame.functionName === '' ? '(anonymous)' : frame.functionName} ${modules(frame.url, frame.lineNumber)}`.trim()
    times.set(where, (times.get(where) ?? 0) + time)
    busy += time
  })
  return [...times].map(([where, time]) => ({ where, share: time / busy })).sort((a, b) => b.share - a.share)
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
