import type { Clock } from '@microts/core/base'
import type { RunEvent, RunHappening } from './event.js'

/** The writing and the reading end of a run's events. */
export interface Timeline {
  readonly events: AsyncIterable<RunEvent>
  emit(happening: RunHappening): void
  /** No more events. */
  end(): void
}

// A terminal that is a second behind under a flood of logs; about 10 MB.
const maxWaiting = 10_000

/** Events that wait for their one reader. Log lines beyond 10 000 waiting events are left out and counted, all else is kept. */
export function createTimeline(clock: Clock): Timeline {
  let waiting: RunEvent[] = []
  let leftOut = 0
  let isEnded = false
  let wake: (() => void) | undefined

  const push = (happening: RunHappening) => {
    waiting.push({ time: clock.now(), ...happening })
    wake?.()
  }
  const tellLeftOut = () => {
    if (leftOut === 0) return
    const message = `${leftOut} log lines are not shown: they came faster than they could be read`
    leftOut = 0
    push({ type: 'notice', reason: 'LOGS_LEFT_OUT', message, hint: 'Type: micro logs' })
  }

  async function* read(): AsyncGenerator<RunEvent, void, void> {
    for (;;) {
      tellLeftOut()
      const batch = waiting
      waiting = []
      yield* batch
      if (waiting.length > 0 || leftOut > 0) continue
      if (isEnded) return
      await new Promise<void>((resolve) => (wake = resolve))
      wake = undefined
    }
  }
  const events = read()
  return {
    events: { [Symbol.asyncIterator]: () => events },
    emit(happening) {
      if (isEnded) return
      if (happening.type === 'log' && waiting.length >= maxWaiting) leftOut++
      else push(happening)
    },
    end() {
      isEnded = true
      wake?.()
    },
  }
}
