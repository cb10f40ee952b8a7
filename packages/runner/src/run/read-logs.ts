import { closeSync, existsSync, fstatSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, sleep, systemClock } from '@microts/core/base'
import { lineSplitter } from '../process/lines.js'
import { logFolder, pathOf } from './log-files.js'

/** A line of a service's log. */
export interface LogLine {
  /** Milliseconds since 1970 UTC. */
  readonly time: number
  readonly service: string
  readonly stream: 'stdout' | 'stderr'
  readonly line: string
}

/** What {@link readLogs} takes. */
export interface ReadLogsOptions {
  /** The project's folder. */
  readonly folder: string
  /** Left out: all that have a log. */
  readonly services?: readonly string[]
  /** How many lines of each service to begin with. @default 100 */
  readonly lines?: number
  /** Goes on with what is written until the signal aborts; services that begin later are included. @default false */
  readonly follow?: boolean
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

const lookMs = 150
// The last part of a log, where its last lines are looked for.
const tailBytes = 1024 * 1024

/** The last lines of services' logs, of several in the order of time, and with `follow` what comes then. Leaving the loop ends it. */
export async function* readLogs(options: ReadLogsOptions): AsyncGenerator<LogLine, void, void> {
  const { folder, lines = 100, follow = false, signal, clock = systemClock } = options
  const tails = new Map<string, Tail>()
  const look = (isFirst: boolean): LogLine[] => {
    for (const service of options.services ?? servicesWithLogs(folder))
      if (!tails.has(service) && existsSync(pathOf(folder, service))) tails.set(service, openTail(folder, service, isFirst))
    const found = [...tails.values()].map((tail) => tail.read())
    return found.flatMap((of) => (isFirst ? of.slice(-lines || of.length) : of)).sort((a, b) => a.time - b.time)
  }
  try {
    yield* lines === 0 ? (look(true), []) : look(true)
    while (follow && signal?.aborted !== true) {
      await sleep(lookMs, { clock, signal }).catch(() => undefined) // the loop ends
      yield* look(false)
    }
  } finally {
    for (const tail of tails.values()) tail.close()
  }
}

/** The services that have a log, sorted. */
function servicesWithLogs(folder: string): string[] {
  const path = join(folder, logFolder)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter((name) => name.endsWith('.log'))
    .map((name) => name.slice(0, -4))
    .sort()
}

interface Tail {
  /** The lines since the last call. */
  read(): LogLine[]
  close(): void
}

function openTail(folder: string, service: string, fromTail: boolean): Tail {
  const path = pathOf(folder, service)
  let fd = openSync(path, 'r')
  let position = fromTail ? Math.max(0, fstatSync(fd).size - tailBytes) : 0
  // What begins in the middle of a line is no line.
  let isPartial = position > 0
  let lines: LogLine[] = []
  const makeSplitter = () =>
    lineSplitter((text) => {
      const line = isPartial ? undefined : parseLine(service, text)
      isPartial = false
      if (line !== undefined) lines.push(line)
    })
  let splitter = makeSplitter()
  const buffer = Buffer.allocUnsafe(64 * 1024)
  const drain = () => {
    for (;;) {
      const bytes = readSync(fd, buffer, 0, buffer.length, position)
      if (bytes === 0) return
      position += bytes
      splitter.push(buffer.subarray(0, bytes))
    }
  }
  return {
    read() {
      drain()
      const now = statSync(path, { throwIfNoEntry: false })
      if (now !== undefined && now.ino !== fstatSync(fd).ino) {
        // It was rotated: the rest of the old one has been read.
        closeSync(fd)
        fd = openSync(path, 'r')
        position = 0
        splitter = makeSplitter()
        drain()
      }
      const found = lines
      lines = []
      return found
    },
    close: () => closeSync(fd),
  }
}

function parseLine(service: string, text: string): LogLine | undefined {
  const [, iso, stream, line] = /^(\S{24}) (out|err) (.*)$/s.exec(text) ?? []
  if (iso === undefined || line === undefined) return undefined
  return { time: Date.parse(iso), service, stream: stream === 'err' ? 'stderr' : 'stdout', line }
}
