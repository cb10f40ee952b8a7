import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MicroError, systemClock } from '@microts/core/base'
import type { FetchOptions } from '../plugins/fetch-options.js'
import { processErrors } from '../process/errors.js'
import { startOf } from '../process/platform.js'
import { supervise, type Supervision } from '../process/supervise.js'
import { type Watchdog, watchOver } from '../process/watch-over.js'
import { writeProjectSchema } from '../project/schema-file.js'
import type { RunRecord, ServiceState } from '../state/record.js'
import { claimRun, type RunFile } from '../state/run-file.js'
import { errorData } from '../timeline/event.js'
import { createTimeline, type Timeline } from '../timeline/stream.js'
import { type Board, createBoard } from './board.js'
import { buildOne, runBuildFolder } from './build-services.js'
import { logFiles } from './log-files.js'
import type { Planned, PlannedOwn } from './plan.js'
import type { Run, UpOptions } from './run.js'
import { toUnit } from './units.js'
import type { Prepare, Prepared } from './up.js'

const defaultGraceMs = 10_000

/** Begins a run of whatever `prepare` gives, and returns at once. */
export function startRun(mode: 'up' | 'run', options: UpOptions, prepare: Prepare): Run {
  const { clock = systemClock } = options
  const timeline = createTimeline(clock)
  const stopping = new AbortController()
  const startedMs = clock.monotonicMs()
  let live: Live | undefined

  const begin = async () => {
    const prepared = await prepare(fetchingOf(options, timeline, stopping.signal))
    // Whoever stops it while it fetches gets no run.
    if (stopping.signal.aborted) throw processErrors.stopped()
    live = await openLive(mode, prepared, options, timeline)
    const supervision = await startServices(live, prepared, options, timeline, stopping.signal)
    await supervision.ready
    live.isReady = true
    live.save()
    timeline.emit({ type: 'running', services: live.board.rows(), afterMs: Math.round(clock.monotonicMs() - startedMs) })
  }
  const begun = begin()
  const settled = begun.catch((error: unknown) => {
    // A failure of one service has been told by then, with its name.
    if (live?.supervision === undefined && !stopping.signal.aborted)
      timeline.emit({ type: 'failed', error: errorData(MicroError.from(error)) })
  })
  let over: Promise<void> | undefined
  const finish = async () => {
    await settled
    await live?.close()
    timeline.emit({ type: 'ended' })
    timeline.end()
  }
  let resolveEnded: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (resolveEnded = resolve))
  const end = () => (over ??= finish().finally(resolveEnded))
  const ready = begun.catch(async (error: unknown) => {
    // Nothing was started: whoever is told so finds nothing left of the run, and may try again.
    if (live?.supervision === undefined) await end()
    throw error
  })
  ready.catch(() => undefined) // whoever wants to know holds the same promise

  return {
    events: timeline.events,
    ready,
    ended,
    state: () => live?.board.rows() ?? [],
    async stop() {
      if (stopping.signal.aborted) live?.supervision?.kill()
      stopping.abort()
      void live?.supervision?.stop()
      await end()
    },
  }
}

/** Fetching, told to the readers of the run as well, and ended by its stop. */
function fetchingOf({ fetching = {} }: UpOptions, timeline: Timeline, stopping: AbortSignal): FetchOptions {
  return {
    ...fetching,
    signal: fetching.signal === undefined ? stopping : AbortSignal.any([fetching.signal, stopping]),
    onEvent(event) {
      timeline.emit({ type: 'plugin', event })
      fetching.onEvent?.(event)
    },
  }
}

/** What a run holds while it lives. */
interface Live {
  board: Board
  supervision: Supervision | undefined
  isReady: boolean
  readonly watchdog: Watchdog
  readonly marker: string
  readonly onLine: (service: string, stream: 'stdout' | 'stderr', line: string) => void
  readonly temporary: Set<string>
  /** Writes the state file. */
  save(): void
  /** Gives back all of it. */
  close(): Promise<void>
}

/** Takes the project's place: from here on there is something to give back. */
async function openLive(mode: 'up' | 'run', { project, notices }: Prepared, options: UpOptions, timeline: Timeline): Promise<Live> {
  const { clock = systemClock, env = process.env } = options
  const first: RunRecord = {
    format: 1,
    mode,
    projectId: project.id,
    project: project.name,
    folder: project.folder,
    supervisor: { pid: process.pid, start: startOf(process.pid) ?? '' },
    marker: randomUUID(),
    startedAt: clock.now(),
    isReady: false,
    services: [],
    temporary: [],
  }
  const file = await claimRun(first, env)
  const watchdog = startWatchdog(options.tools.watchdog, first.marker, file)
  watchdog.temporary(file.file)
  const logs = logFiles(project.folder, clock, (error) =>
    timeline.emit({ type: 'notice', reason: 'LOG_FILE_FAILED', message: `Logs are not written to files any more: ${error.message}` }),
  )
  const live: Live = {
    board: createBoard([], clock, () => undefined),
    supervision: undefined,
    isReady: false,
    watchdog,
    marker: first.marker,
    temporary: new Set(),
    onLine(service, stream, line) {
      logs.write(service, stream, line)
      timeline.emit({ type: 'log', service, stream, line })
    },
    save() {
      const { identity } = watchdog
      const { board, isReady, temporary } = live
      const changed = { isReady, services: board.rows(), temporary: [...temporary] }
      file.write({ ...first, ...changed, ...(identity !== undefined && { watchdog: identity }) })
    },
    async close() {
      await live.supervision?.stop()
      logs.close()
      for (const path of live.temporary) rmSync(path, { recursive: true, force: true })
      // Whatever left its group, or was not told of in time, carries the marker: the watchdog ends it.
      await watchdog.end()
      file.remove()
    },
  }
  keepOutOfGit(join(project.folder, '.micro'))
  writeProjectSchema(project.folder, options.catalog, project.found)
  for (const notice of notices) timeline.emit(notice)
  return live
}

async function startServices(
  live: Live,
  prepared: Prepared,
  options: UpOptions,
  timeline: Timeline,
  stopping: AbortSignal,
): Promise<Supervision> {
  const { clock = systemClock, env = process.env, graceMs = defaultGraceMs } = options
  const { project } = prepared
  const { watchdog, marker } = live
  const planned = await prepared.plan((notice) => timeline.emit(notice))
  const board = createBoard(planned, clock, () => live.save())
  live.board = board
  live.save()
  timeline.emit({ type: 'resolved', project: project.name, folder: project.folder, services: board.rows() })
  const bundles = await buildAll(planned, prepared, options, timeline)
  if (stopping.aborted) throw processErrors.stopped()
  const unitOptions = {
    project,
    board,
    env,
    clock,
    marker,
    graceMs,
    bundles,
    onTemporary(folder: string) {
      live.temporary.add(folder)
      watchdog.temporary(folder)
      live.save()
    },
  }
  const startedMs = new Map<string, number>()
  const tellMemory = once(() => timeline.emit(memoryNotice))
  live.supervision = supervise(
    planned.map((one) => toUnit(one, unitOptions)),
    {
      clock,
      watchdog,
      onLine: live.onLine,
      emit: (happening) => timeline.emit(happening),
      onChange(service, change) {
        const row = board.change(service, change)
        if (change.state === 'starting') startedMs.set(service, clock.monotonicMs())
        if (change.state !== 'ready' || row === undefined) return
        const afterMs = Math.round(clock.monotonicMs() - (startedMs.get(service) ?? 0))
        timeline.emit({ type: 'ready', service, state: row, afterMs })
        if (keepsInMemory(row)) tellMemory()
      },
    },
  )
  return live.supervision
}

async function buildAll(
  planned: readonly Planned[],
  { project }: Prepared,
  options: UpOptions,
  timeline: Timeline,
): Promise<Map<string, string>> {
  const { clock = systemClock, catalog, env = process.env, fetching } = options
  const own = planned.filter((one): one is PlannedOwn => one.kind === 'own')
  const built = await Promise.all(
    own.map(async ({ service, folder, plugins }) => {
      const outFolder = runBuildFolder(project, service.name)
      const what = { service: service.name, folder, outFolder, plugins }
      const { file, bytes, tookMs } = await buildOne({ ...what, project, catalog, clock, env, fetching })
      timeline.emit({ type: 'built', service: service.name, file, tookMs, bytes })
      return [service.name, file] as const
    }),
  )
  return new Map(built)
}

function startWatchdog(program: string, marker: string, file: RunFile): Watchdog {
  try {
    return watchOver(program, marker)
  } catch (error) {
    file.remove()
    throw error
  }
}

/** What a run writes into the project is nobody's source. */
function keepOutOfGit(folder: string): void {
  mkdirSync(folder, { recursive: true })
  try {
    writeFileSync(join(folder, '.gitignore'), '*\n', { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

const keepsInMemory = ({ uses }: ServiceState) => uses.some(({ kind, name }) => kind === 'store' && name === 'memory')

const memoryNotice = {
  type: 'notice',
  reason: 'STORE_IN_MEMORY',
  message: 'What services put into the store is lost when they restart: the default store is their memory',
  hint: 'Write in micro.yml: store: file',
} as const

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) act()
    isDone = true
  }
}
