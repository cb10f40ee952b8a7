import type { Clock } from '../base/index.js'

/** Whether `work` is done within `capMs`; rejects as it does. What it comes to later is nobody's business. */
export function within(capMs: number, work: Promise<unknown>, clock: Clock): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(capMs, () => resolve(false))
    work.then(() => resolve(true), reject).finally(cancel)
  })
}
