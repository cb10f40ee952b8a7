import type { Closable, Implementation, Watch } from '../base/index.js'

/**
 * What a configuration may have besides the contract's core.
 *
 * - `write`: `set` and `delete`
 * - `secret`: `set` with `secret: true` keeps the value encrypted at rest
 */
export type ConfigFeature = 'write' | 'secret'

/** What JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/**
 * Where a value stands: its steps, or the steps with dots between them. A step that holds a dot, or is empty, is written in the list form.
 * The empty list or string is the whole. Steps lead through maps only: a list is one value. `__proto__` is no step, and no key of a value either.
 */
export type ConfigPath = string | readonly string[]

/** A value that is now another one. */
export interface ConfigChange {
  /** The path that is watched, whatever changed at it or below. */
  readonly path: readonly string[]
  /** Undefined: it is gone. */
  readonly value: JsonValue | undefined
  readonly previous: JsonValue | undefined
  /** The name of the source that the value comes from now; undefined when it is gone. */
  readonly source: string | undefined
}

/**
 * Knows the settings of a service: one tree of JSON, merged from sources, of which a later one wins key by key.
 *
 * Maps are merged; lists and scalars are replaced whole. Reading is synchronous and costs a look-up: the tree is in memory and replaced as a whole when a
 * source changes, so two reads in one tick agree. The whole is a map, be it empty. A source whose new content is invalid, or that is out of reach, keeps its last good content.
 *
 * Failures: a bad path is `invalid_argument`/`PATH_INVALID`, a value that JSON cannot say (or a whole that is no map) `VALUE_INVALID`; `set` where nothing can be written is `unimplemented`; a write that did not reach its source
 * `unavailable`/`CONFIG_UNAVAILABLE`; an aborted signal `canceled`; all after `close()` `failed_precondition`/`CLOSED` (also `get`, which then throws).
 */
export interface Config extends Implementation<ConfigFeature>, Closable {
  /** The value at `path`, or undefined. The value is frozen, or must be treated as if it were. */
  get(path: ConfigPath): JsonValue | undefined
  /** The name of the source whose value counts at `path`: `"env"`. For a map, the last source that has a part in it. Undefined when there is none. */
  sourceOf(path: ConfigPath): string | undefined
  /**
   * Puts a copy of `value` at `path`, above all sources, in the place of what `set` had put there and below. A map is merged over what sources say.
   * A scalar or list on the way gives place to a map. Resolves when a `get` sees it. Needs `write`.
   */
  set(path: ConfigPath, value: JsonValue, options?: { readonly secret?: boolean; readonly signal?: AbortSignal }): Promise<void>
  /**
   * Takes away what `set` has put at `path` and below, and maps that are left empty by it; what a source says there shows again. Gives whether there was
   * something. Needs `write`.
   */
  delete(path: ConfigPath, options?: { readonly signal?: AbortSignal }): Promise<boolean>
  /** What becomes of the value at `path`, whatever changes at it or below: one change for each time that it is another one, with the value before and after. */
  watch(path: ConfigPath, options?: { readonly signal?: AbortSignal }): Promise<Watch<ConfigChange>>
}

/** Where settings come from. A configuration is made of these, in the order of their precedence, the weakest first. */
export interface ConfigSource {
  /** For `sourceOf` and errors: `"env"`, `"config.yml"`. */
  readonly name: string
  /** The tree as it is now. @throws a MicroError with the place when the content is invalid */
  load(signal?: AbortSignal): Promise<JsonValue>
  /** Calls `changed` when `load` would give something else; returns what ends that. Absent: it never changes. */
  watch?(changed: () => void): () => void
}
