/** Who waits for a PONG, in the order of the PINGs: a server answers in order, so a PONG means that all before its PING has been seen. */
export interface PongQueue {
  /** Wants a PING of its own. */
  wait(resolve: () => void, reject: (error: Error) => void): void
  /** How many PINGs to write now. They count as written. */
  ask(): number
  /** A PONG came. */
  answer(): void
  /** The connection is gone: those that wait are asked for again on the next one. */
  reset(): void
  /** There will be no further connection. */
  fail(error: Error): void
  /** Gives those who wait, in their order, to somebody else. */
  takeAll(): readonly Waiter[]
}

/** Who waits. */
export interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** An empty {@link PongQueue}. */
export function pongQueue(): PongQueue {
  let asked: Waiter[] = []
  let unasked: Waiter[] = []

  return {
    wait: (resolve, reject) => void unasked.push({ resolve, reject }),
    ask() {
      const count = unasked.length
      asked.push(...unasked)
      unasked = []
      return count
    },
    answer: () => asked.shift()?.resolve(),
    reset() {
      unasked = [...asked, ...unasked]
      asked = []
    },
    fail(error) {
      for (const waiter of takeAll()) waiter.reject(error)
    },
    takeAll,
  }

  function takeAll(): readonly Waiter[] {
    const all = [...asked, ...unasked]
    asked = []
    unasked = []
    return all
  }
}
