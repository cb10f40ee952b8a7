import type { ConfigSource } from '../config.js'
import { parseJson } from './json-text.js'

/** Where JSON text comes from. */
export interface JsonSourceOptions {
  /** For `sourceOf` and for the place in errors: the path of the file. */
  readonly name: string
  /** The text as it is now; undefined when there is none, which counts as an empty map. An empty text does not: it is a file that is just being written. */
  readonly read: (signal?: AbortSignal) => Promise<string | undefined> | string | undefined
  /** As `watch` of a ConfigSource. Absent: it never changes. */
  readonly watch?: (changed: () => void) => () => void
}

/**
 * Settings written in JSON, from a file or anywhere else that `read` knows.
 *
 * Reading: `failed_precondition`/`CONFIG_INVALID` with file, line and column when the text is not strict JSON.
 */
export function jsonSource(options: JsonSourceOptions): ConfigSource {
  const { name, read, watch } = options
  return {
    name,
    async load(signal) {
      const text = await read(signal)
      return text === undefined ? {} : parseJson(text, name)
    },
    ...(watch === undefined ? {} : { watch }),
  }
}
