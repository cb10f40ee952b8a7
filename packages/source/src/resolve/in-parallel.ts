import { availableParallelism } from 'node:os'

// Above 8 at once it gets slower again on two cores (measured with 20 repositories), and hosts begin to refuse.
const mostAtOnce = 8
const mostPerCore = 4

/**
 * Runs `work` for each item, up to 8 at once and at most 4 a core, and waits for all of them also when one fails: nothing goes on behind the
 * caller's back. Results are in the order of the items.
 *
 * @throws what failed first in the order of the items; `onFailure` has been given the results of the others by then
 */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  onFailure: (done: readonly R[]) => Promise<void>,
): Promise<R[]> {
  const ends: PromiseSettledResult<R>[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      ends[index] = (await Promise.allSettled([work(items[index] as T)]))[0]
    }
  }
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, mostPerCore * availableParallelism()) }, worker))
  const done = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed === undefined) return done
  await onFailure(done)
  throw failed.reason
}
