/** What has to be closed, in the order in which it was opened. */
export interface Closers {
  add(close: () => unknown): void
  /** Closes all, the last one first. One that fails does not keep the others open; the first failure is thrown at the end. Twice is once. */
  close(): Promise<void>
}

/** A list with nothing in it yet. */
export function closers(): Closers {
  const open: (() => unknown)[] = []
  return {
    add: (close) => void open.push(close),
    async close() {
      const failures: unknown[] = []
      for (let close = open.pop(); close !== undefined; close = open.pop()) {
        try {
          await close()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}
