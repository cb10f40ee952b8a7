import { setMaxListeners } from 'node:events'
import type { Clock, MicroError } from '@microts/core/base'
import type { ServicePhase } from '../state/record.js'
import { errorData, type RunHappening } from '../timeline/event.js'
import type { Attempt } from './attempt.js'
import { superviseUnit } from './unit.js'
import type { ReadyMessage } from './channel.js'
import { processErrors } from './errors.js'
import type { Launch } from './spawn.js'
import type { Watchdog } from './watch-over.js'

/** A process to keep running. */
export interface Unit {
  readonly name: string
  /** Names of units that are ready before this one starts, and stop after it. */
  readonly needs: readonly string[]
  readonly graceMs: number
  readonly readyTimeoutMs: number
  /** Whether it says itself, on its channel, when it is ready. */
  readonly speaks: boolean
  /** How to start it; asked before each start, when all needs are ready. An error of it is final for the first start, and tried again later. */
  readonly launch: () => Launch | Promise<Launch>
  /** Resolves when it can be used. Called after its own `ready` if it speaks, else when it has been started. */
  readonly check?: (signal: AbortSignal) => Promise<void>
}

/** What changes of a unit, for its row. */
export interface UnitChange {
  readonly state?: ServicePhase
  readonly process?: { readonly pid: number; readonly start: string } | undefined
  readonly restarts?: number
  readonly why?: string | undefined
  readonly error?: MicroError
  readonly ready?: ReadyMessage | undefined
}

/** What a supervisor needs from its surroundings. */
export interface Surroundings {
  readonly clock: Clock
  readonly watchdog: Watchdog
  readonly emit: (happening: RunHappening) => void
  readonly onLine: (service: string, stream: 'stdout' | 'stderr', line: string) => void
  /** Called before the event that tells of the same. */
  readonly onChange: (service: string, change: UnitChange) => void
}

/** Units that are kept running. */
export interface Supervision {
  /** Resolves when all have been ready at once for the first time; rejects with the error of the first that cannot be started, or when stopped before. */
  readonly ready: Promise<void>
  /** Stops all, those that need others first, and resolves when all have stopped. Twice is once. */
  stop(): Promise<void>
  /** Kills what still runs. Only after `stop`. */
  kill(): void
}

// Told only when a stop is not over at once, and not so often that it hides the logs.
const firstWaitingMs = 1000
const nextWaitingMs = 5000

/** Starts the units in the order of their needs, in parallel where it can, and keeps them running until `stop()`. */
export function supervise(units: readonly Unit[], surroundings: Surroundings): Supervision {
  const { clock, emit, onChange } = surroundings
  const stopping = new AbortController()
  const killing = new AbortController()
  // As many listeners as there are services: Node warns from 11 on.
  setMaxListeners(0, stopping.signal, killing.signal)
  const firstReady = new Map<string, PromiseWithResolver>(units.map(({ name }) => [name, withResolver()]))
  const stopped = new Map<string, PromiseWithResolver>(units.map(({ name }) => [name, withResolver()]))
  const dependents = (name: string) => units.filter(({ needs }) => needs.includes(name)).map((unit) => unit.name)
  let failReady: (error: MicroError) => void = () => undefined

  const ready = new Promise<void>((resolve, reject) => {
    failReady = reject
    stopping.signal.addEventListener('abort', () => reject(processErrors.stopped()), { once: true })
    void Promise.all(units.map(({ name }) => promiseOf(firstReady, name))).then(() => resolve())
  })
  ready.catch(() => undefined) // whoever wants to know holds the same promise

  const fail = (name: string, error: MicroError) => {
    onChange(name, { state: 'failed', error, why: error.message })
    for (const other of allDependents(units, name)) onChange(other, { why: `waits for ${name}, which cannot be started` })
    emit({ type: 'failed', service: name, error: errorData(error) })
    failReady(error)
  }
  for (const unit of units) {
    const attempt: Attempt = {
      unit,
      ...surroundings,
      stopping: stopping.signal,
      killing: killing.signal,
      mayStop: Promise.all(dependents(unit.name).map((name) => promiseOf(stopped, name))),
    }
    const needsReady = Promise.all(unit.needs.map((need) => promiseOf(firstReady, need)))
    void superviseUnit(attempt, needsReady, () => firstReady.get(unit.name)?.resolve(), fail).then(() => {
      onChange(unit.name, { state: 'stopped', process: undefined })
      emit({ type: 'stopped', service: unit.name })
      stopped.get(unit.name)?.resolve()
    })
  }
  const allStopped = Promise.all([...stopped.values()].map(({ promise }) => promise)).then(() => undefined)
  const running = new Set(units.map(({ name }) => name))
  for (const [name, { promise }] of stopped) void promise.then(() => running.delete(name))

  return {
    ready,
    async stop() {
      if (!stopping.signal.aborted) {
        stopping.abort()
        tellWaiting(clock, allStopped, (sinceMs) => emit({ type: 'waiting', services: [...running], sinceMs }))
      }
      await allStopped
    },
    kill: () => killing.abort(),
  }
}

function tellWaiting(clock: Clock, over: Promise<void>, tell: (sinceMs: number) => void): void {
  const startedMs = clock.monotonicMs()
  let isOver = false
  let cancel = () => undefined as void
  const next = (delayMs: number) => {
    cancel = clock.after(
      delayMs,
      () => {
        if (isOver) return
        tell(Math.round(clock.monotonicMs() - startedMs))
        next(nextWaitingMs)
      },
      { background: true },
    )
  }
  next(firstWaitingMs)
  void over.then(() => {
    isOver = true
    cancel()
  })
}

function allDependents(units: readonly Unit[], name: string): Set<string> {
  const found = new Set<string>()
  const visit = (needed: string) => {
    for (const unit of units)
      if (unit.needs.includes(needed) && !found.has(unit.name)) {
        found.add(unit.name)
        visit(unit.name)
      }
  }
  visit(name)
  return found
}

const promiseOf = (all: ReadonlyMap<string, PromiseWithResolver>, name: string) => all.get(name)?.promise ?? Promise.resolve()

interface PromiseWithResolver {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

function withResolver(): PromiseWithResolver {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve: () => resolve() }
}
