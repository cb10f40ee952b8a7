import type { NatsMessage } from '../nats.js'
import type { Frame } from './parser.js'

/**
 * A message as it lies in the buffer that it was read into; views are made when somebody looks.
 *
 * A class for its getters: an object with closures, or with two views made in advance, costs more than the rest of the delivery.
 */
export class BufferedMessage implements NatsMessage {
  readonly subject: string
  readonly reply: string | undefined
  readonly #body: Uint8Array
  readonly #start: number
  readonly #headerBytes: number
  readonly #end: number

  constructor(subject: string, reply: string | undefined, frame: Frame) {
    this.subject = subject
    this.reply = reply
    this.#body = frame.body
    this.#start = frame.bodyStart
    this.#headerBytes = frame.headerBytes
    this.#end = frame.bodyEnd
  }

  get headers(): Uint8Array | undefined {
    return this.#headerBytes === 0 ? undefined : this.#body.subarray(this.#start, this.#start + this.#headerBytes)
  }

  get payload(): Uint8Array {
    return this.#body.subarray(this.#start + this.#headerBytes, this.#end)
  }
}

/** Argument `index` of a frame as people write it: UTF-8. */
export function textArgument(frame: Frame, index: number): string {
  return frame.line.toString('utf8', frame.starts[index], frame.ends[index])
}
