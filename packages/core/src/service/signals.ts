/** The signals that ask a process to stop. */
export type StopSignal = 'SIGTERM' | 'SIGINT'

/** The wait for a signal. */
export interface SignalWatch {
  /** Resolves with the first one. From then on another one ends the process at once, with 128 and its number, as a shell says it. */
  readonly first: Promise<StopSignal>
  /** Leaves signals to Node again: they end the process. */
  release(): void
}

/** Takes SIGTERM and SIGINT from now on. */
export function watchSignals(): SignalWatch {
  let isFirst = true
  let resolve: (signal: StopSignal) => void
  const first = new Promise<StopSignal>((resolver) => (resolve = resolver))
  const onSignal = (signal: NodeJS.Signals) => {
    if (!isFirst) process.exit(signal === 'SIGINT' ? 130 : 143)
    isFirst = false
    resolve(signal as StopSignal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return {
    first,
    release() {
      process.removeListener('SIGTERM', onSignal)
      process.removeListener('SIGINT', onSignal)
    },
  }
}
