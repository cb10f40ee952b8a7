import { MicroError, sleep } from '@microts/core/base'
import { typeErrors } from '../types/errors.js'
import type { ChannelMessage, ReadyMessage } from './channel.js'
import { processErrors, type SaidError } from './errors.js'
import { type Exit, type Spawned, spawnProcess } from './spawn.js'
import type { Surroundings, Unit } from './supervise.js'

/** A unit with all that starting and stopping it takes. */
export interface Attempt extends Surroundings {
  readonly unit: Unit
  /** The run is to end. */
  readonly stopping: AbortSignal
  /** It is to end at once. */
  readonly killing: AbortSignal
  /** Resolves when whatever needs this unit has stopped. */
  readonly mayStop: Promise<unknown>
}

/** How a start went. */
export interface Outcome {
  /** Why it is over; undefined when it was stopped. */
  readonly error?: MicroError
  /** In a few words: `exit code 1`. */
  readonly how: string
  /** Whether trying again cannot help. */
  readonly isFinal: boolean
  /** 0 when it never was ready. */
  readonly readyForMs: number
}

// Enough to see an error with its stack.
const tailLines = 20
// What is left of a group after its leader: told to end, and not waited for as long as the leader.
const restMs = 500
const lookMs = 20

/** Starts a unit, waits until it is ready, and then until its process has ended, of itself or because of `stopping`. */
export async function attemptUnit(attempt: Attempt, number: number, onReady: () => void): Promise<Outcome> {
  const { unit, clock, watchdog, emit, onChange, onLine } = attempt
  const tail: string[] = []
  const spoken = listen()
  onChange(unit.name, { state: 'starting', why: undefined, ready: undefined })
  let spawned: Spawned
  try {
    const launch = await unit.launch()
    if (attempt.stopping.aborted) return stoppedOutcome
    spawned = await spawnProcess(unit.name, launch, {
      onLine(stream, line) {
        tail.push(line)
        if (tail.length > tailLines) tail.shift()
        onLine(unit.name, stream, line)
      },
      onMessage: (message) => spoken.hear(message),
    })
  } catch (error) {
    return { error: MicroError.from(error), how: MicroError.from(error).message, isFinal: true, readyForMs: 0 }
  }
  const { pid, start } = spawned
  watchdog.started({ pid, start })
  onChange(unit.name, { process: { pid, start } })
  emit({ type: 'started', service: unit.name, pid, attempt: number })

  const startedMs = clock.monotonicMs()
  let readyMs: number | undefined
  const watch = new AbortController()
  const whenReady = waitReady(attempt, spoken, watch.signal).then((message) => {
    readyMs = clock.monotonicMs()
    onChange(unit.name, { state: 'ready', why: undefined, ready: message })
    onReady()
  })
  const stop = stopWhenAsked(attempt, spawned)
  const failure = await Promise.race([spawned.exited.then(() => undefined), whenReady.then(() => undefined, MicroError.from)])
  if (failure !== undefined && !attempt.stopping.aborted) spawned.signalGroup('SIGKILL')
  const exit = await spawned.exited
  const how = describe(exit)
  watch.abort()
  stop.release()
  await endRest(spawned)
  watchdog.ended(pid)
  const isExpected = attempt.stopping.aborted
  onChange(unit.name, { process: undefined })
  emit({ type: 'exited', service: unit.name, pid, exitCode: exit.exitCode, signal: exit.signal, expected: isExpected })
  if (isExpected) return stoppedOutcome
  const said = saidOf(unit.name, spoken.failure())
  const error = said ?? failure ?? processErrors.exitedEarly(unit.name, how, tail, number)
  return {
    error,
    how: readyMs === undefined ? error.message : how,
    isFinal: said !== undefined ? !mayPass.has(said.code) : failure !== undefined,
    readyForMs: readyMs === undefined ? 0 : clock.monotonicMs() - Math.max(startedMs, readyMs),
  }
}

const saidOf = (service: string, failure: SaidError | undefined) =>
  failure === undefined ? undefined : processErrors.saidFailed(service, failure)

const stoppedOutcome: Outcome = { how: 'stopped', isFinal: false, readyForMs: 0 }

// Failures that another try may not meet again.
const mayPass = new Set(['unavailable', 'deadline_exceeded', 'aborted', 'resource_exhausted', 'unknown', 'internal'])

/** What a process has said on its channel, for those that wait for it. */
interface Spoken {
  readonly hear: (message: ChannelMessage) => void
  readonly ready: Promise<ReadyMessage>
  readonly failure: () => SaidError | undefined
}

function listen(): Spoken {
  let failure: SaidError | undefined
  let onReady: (message: ReadyMessage) => void = () => undefined
  const ready = new Promise<ReadyMessage>((resolve) => (onReady = resolve))
  return {
    ready,
    failure: () => failure,
    hear(message) {
      if (message.type === 'ready') onReady(message)
      else if (message.type === 'failed') failure = message.error
    },
  }
}

/** Resolves when the unit is ready; never when `watch` aborts. @throws MicroError `deadline_exceeded`/`NOT_READY` */
function waitReady({ unit, clock }: Attempt, spoken: Spoken, watch: AbortSignal): Promise<ReadyMessage | undefined> {
  return new Promise((resolve, reject) => {
    let waitsFor = unit.speaks ? 'it did not say that it is ready' : 'it did not answer'
    const cancel = clock.after(unit.readyTimeoutMs, () => reject(typeErrors.notReady(unit.name, unit.readyTimeoutMs, waitsFor)))
    watch.addEventListener('abort', cancel, { once: true })
    const check = async () => {
      const message = unit.speaks ? await spoken.ready : undefined
      waitsFor = 'it did not answer'
      await unit.check?.(watch)
      return message
    }
    check().then(
      (message) => {
        if (watch.aborted) return
        cancel()
        resolve(message)
      },
      (error: Error) => {
        if (watch.aborted) return
        cancel()
        reject(error)
      },
    )
  })
}

/** Asks the process to end once the run stops and nobody needs it any more; kills its group when its time is up, or at once. */
function stopWhenAsked(
  { unit, clock, stopping, killing, mayStop, emit, onChange }: Attempt,
  spawned: Spawned,
): { readonly release: () => void } {
  let isOver = false
  let cancelGrace = () => undefined as void
  const kill = () => {
    if (isOver) return
    spawned.signalGroup('SIGKILL')
    emit({ type: 'killed', service: unit.name })
  }
  const begin = () => {
    onChange(unit.name, { state: 'stopping' })
    void mayStop.then(() => {
      if (isOver || killing.aborted) return
      emit({ type: 'stopping', service: unit.name, graceMs: unit.graceMs })
      spawned.signal('SIGTERM')
      cancelGrace = clock.after(unit.graceMs, kill)
    })
  }
  if (stopping.aborted) begin()
  else stopping.addEventListener('abort', begin, { once: true })
  if (killing.aborted) kill()
  else killing.addEventListener('abort', kill, { once: true })
  return {
    release() {
      isOver = true
      cancelGrace()
      stopping.removeEventListener('abort', begin)
      killing.removeEventListener('abort', kill)
    },
  }
}

/** Ends what the process has left in its group: what it started and did not wait for. */
async function endRest(spawned: Spawned): Promise<void> {
  if (!spawned.signalGroup('SIGTERM')) return
  for (let waitedMs = 0; waitedMs < restMs; waitedMs += lookMs) {
    if (!spawned.signalGroup(0)) return
    await sleep(lookMs) // processes end in real time, whatever clock a test has handed in
  }
  spawned.signalGroup('SIGKILL')
}

const describe = ({ exitCode, signal }: Exit) => (signal === null ? `exit code ${exitCode}` : `signal ${signal}`)
