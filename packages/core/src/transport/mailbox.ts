import { baseErrors } from '../base/index.js'
import type { Frame } from './transport.js'

/** Frames that have arrived and wait to be received, and the one that waits for a frame. */
export interface Mailbox {
  /** Hands over a frame. After the end it does nothing. */
  put(frame: Frame): void
  /** No frame follows. Those that are there can still be received; then `receive` gives undefined, or rejects with `error`. */
  end(error?: Error): void
  receive(options?: { readonly signal?: AbortSignal }): Promise<Frame | undefined>
}

/** An empty mailbox. */
export function mailbox(): Mailbox {
  const frames: Frame[] = []
  let ended = false
  let failure: Error | undefined
  let waiting: { resolve(frame: Frame | undefined): void; reject(error: Error): void } | undefined

  const receiveLater = (signal: AbortSignal | undefined) =>
    new Promise<Frame | undefined>((resolve, reject) => {
      if (signal === undefined) {
        waiting = { resolve, reject }
        return
      }
      const onAbort = () => {
        waiting = undefined
        reject(baseErrors.canceled('receiving a frame', signal.reason))
      }
      const done = () => signal.removeEventListener('abort', onAbort)
      signal.addEventListener('abort', onAbort, { once: true })
      waiting = {
        resolve: (frame) => (done(), resolve(frame)),
        reject: (error) => (done(), reject(error)),
      }
    })

  return {
    put(frame) {
      if (ended) return
      if (waiting === undefined) {
        frames.push(frame)
        return
      }
      const { resolve } = waiting
      waiting = undefined
      resolve(frame)
    },
    end(error) {
      if (ended) return
      ended = true
      failure = error
      if (waiting === undefined) return
      if (error === undefined) waiting.resolve(undefined)
      else waiting.reject(error)
      waiting = undefined
    },
    receive(options) {
      const signal = options?.signal
      if (signal?.aborted === true) return Promise.reject(baseErrors.canceled('receiving a frame', signal.reason))
      const frame = frames.shift()
      if (frame !== undefined) return Promise.resolve(frame)
      if (ended) return failure === undefined ? Promise.resolve(undefined) : Promise.reject(failure)
      if (waiting !== undefined) return Promise.reject(new TypeError('receive() is called while another one waits'))
      return receiveLater(signal)
    },
  }
}
