import type { Run } from '../run/run.js'
import type { RunEvent } from '../timeline/event.js'
import { until } from './workspace.js'

/** A run whose events are kept. */
export interface Recording {
  readonly events: readonly RunEvent[]
  /** Resolves with the first event of a kind that `isIt` accepts. */
  next<T extends RunEvent['type']>(
    type: T,
    isIt?: (event: Extract<RunEvent, { type: T }>) => boolean,
  ): Promise<Extract<RunEvent, { type: T }>>
  /** Of the events so far. */
  all<T extends RunEvent['type']>(type: T): Extract<RunEvent, { type: T }>[]
  /** Resolves when there are no more. */
  readonly done: Promise<void>
}

/** Reads the events of a run as they come. */
export function record(run: Run): Recording {
  const events: RunEvent[] = []
  const read = async () => {
    for await (const event of run.events) events.push(event)
  }
  const done = read()
  const all = <T extends RunEvent['type']>(type: T) =>
    events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type)
  return {
    events,
    all,
    done,
    async next(type, isIt = () => true) {
      await until(() => all(type).some(isIt), 20_000)
      return all(type).find(isIt) as never
    },
  }
}
