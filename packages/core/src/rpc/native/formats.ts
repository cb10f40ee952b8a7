import { nativeErrors } from './errors.js'
import { type ConnectionCodec, type NativeCodec, viewOrCopy } from './codec.js'

/** The places of `json` and `bytes` in every list. */
export const jsonPlace = 0
export const bytesPlace = 1

/** One of the formats of a connection. */
export interface Format {
  readonly name: string
  readonly codec: ConnectionCodec
  /** Whether a body in it means the same on another connection. */
  readonly isPortable: boolean
  /** Its place in the other side's list; undefined when the other side does not read it. */
  peerPlace: number | undefined
  /** How much the other side has defined so far. */
  learnedBytes: number
}

// The shapes of some thousand records. Who defines more does it to fill memory.
const maxLearnedBytes = 1_048_576

/** The formats of one connection: those that this side reads, and which of them the other side reads too. */
export class Formats {
  readonly #all: readonly Format[]
  /** What values are written in. */
  preferred: Format

  /** `codecs`: the first that the other side reads too is written with; JSON is, whatever is given. */
  constructor(json: NativeCodec, codecs: readonly NativeCodec[]) {
    const own = codecs.filter(({ name }) => name !== 'json' && name !== 'bytes')
    const isJsonFirst = codecs[0] === undefined || codecs[0].name === 'json'
    this.#all = [
      formatOf('json', json.open()),
      formatOf('bytes', bytesAsTheyAre),
      ...own.map((codec) => formatOf(codec.name, codec.open())),
    ]
    this.#order = isJsonFirst ? this.#all : [...this.#all.slice(2), ...this.#all.slice(0, 2)]
    this.preferred = this.#all[jsonPlace] as Format
  }

  readonly #order: readonly Format[]

  /** In the order of their places. */
  get names(): readonly string[] {
    return this.#all.map(({ name }) => name)
  }

  /** Takes the other side's list. */
  agree(names: readonly string[]): void {
    for (const format of this.#all) {
      const place = names.indexOf(format.name)
      format.peerPlace = place === -1 ? undefined : place
    }
    this.preferred = this.#order.find(({ peerPlace }) => peerPlace !== undefined) as Format
  }

  /** @throws `internal`/`PROTOCOL_BROKEN` for a place that was not offered */
  at(place: number): Format {
    const format = this.#all[place]
    if (format === undefined) throw nativeErrors.protocolBroken(`it uses codec ${place}, and ${this.#all.length} were offered`)
    return format
  }

  /** For bytes that are sent as they are. */
  get bytes(): Format {
    return this.#all[bytesPlace] as Format
  }

  /** By name; undefined when the other side does not read it. */
  shared(name: string): Format | undefined {
    return this.#all.find((format) => format.name === name && format.peerPlace !== undefined)
  }

  /** Hands a DEFINE to its codec. */
  learn(place: number, definitions: Uint8Array): void {
    const format = this.at(place)
    format.learnedBytes += definitions.length
    if (format.codec.learn === undefined || format.learnedBytes > maxLearnedBytes)
      throw nativeErrors.protocolBroken(`codec "${format.name}" takes no definitions, or no more than ${maxLearnedBytes} bytes of them`)
    format.codec.learn(Uint8Array.prototype.slice.call(definitions))
  }
}

function formatOf(name: string, codec: ConnectionCodec): Format {
  return { name, codec, isPortable: codec.definitions === undefined, peerPlace: undefined, learnedBytes: 0 }
}

const bytesAsTheyAre: ConnectionCodec = {
  encode: (value) => (value === undefined ? '' : (value as Uint8Array)),
  decode: (buffer, start, end) => (start === end ? undefined : viewOrCopy(buffer, start, end)),
}
