/** Throws `error` where nobody catches it, as an event listener's error is: what must not be lost, and is nobody's answer. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
