import type { StandardSchemaV1 } from '../base/index.js'
import type { Call } from './call.js'

/** Something that can be called: its name, what it takes and gives, and who does the work. */
export interface Endpoint {
  /** `Handler.Method`: `Orders.Place`. Exactly one dot; each part begins with a letter. */
  readonly name: string
  /** Checked before `handle`; what it gives (defaults filled in, unknown keys stripped) is what `handle` gets. */
  readonly input?: StandardSchemaV1 | undefined
  /** Checked after `handle`; a reply that does not fit is `internal`/`OUTPUT_MISMATCH`. */
  readonly output?: StandardSchemaV1 | undefined
  /**
   * Which sides are streams: a stream of inputs reaches `handle` as an AsyncIterable, a stream of outputs is an AsyncIterable that it returns.
   *
   * @default none: one value in, one value out
   */
  readonly stream?: 'input' | 'output' | 'both' | undefined
  /** Does the work. It may be synchronous. Anything thrown becomes a MicroError once, at the server's edge. */
  handle(input: unknown, call: Call): unknown
}
