import { baseErrors, systemClock, type Clock, type MicroError } from '../base/index.js'
import type { Config, ConfigFeature, ConfigSource } from './config.js'
import { configErrors } from './errors.js'
import { followSource } from './follow.js'
import { frozenJson, isMap } from './json-value.js'
import { layers } from './layers.js'
import { parsePath, showPath } from './path.js'
import { valueAt, withoutValue, withValue } from './tree.js'

/** What a configuration is made of. */
export interface LayeredConfigOptions {
  /** The weakest first. Each has a name of its own, which is not that of the configuration. */
  readonly sources: readonly ConfigSource[]
  /** What it is, for `name`, messages, and `sourceOf` what was `set`. @default "layered" */
  readonly name?: string
  /** Whether there is a layer above all sources, in memory, for `set` and `delete`. @default false */
  readonly writable?: boolean
  /** Times the retries of a source that is out of reach. @default systemClock */
  readonly clock?: Clock
  /** Told of each change of a source that could not be read, whose last good content still counts. @default a warning of the process */
  readonly onInvalid?: (error: MicroError, source: string) => void
}

/**
 * A configuration merged from `sources`, which it follows from now on until it is closed. All have been read when the promise resolves.
 *
 * @throws what the first source that cannot be read fails with: a service does not start on half of its settings
 */
export async function layeredConfig(options: LayeredConfigOptions): Promise<Config> {
  const { sources, name = 'layered', writable = false, clock = systemClock, onInvalid = warn } = options
  const names = [...sources.map((source) => source.name), ...(writable ? [name] : [])]
  if (new Set(names).size < names.length) throw new TypeError(`Two sources of a configuration have one name: ${names.join(', ')}`)

  const tree = layers(names)
  const followed = sources.map((source, index) =>
    followSource(source, {
      clock,
      onTree: (loaded) => tree.replace(index, loaded),
      onInvalid: (error) => onInvalid(error, source.name),
    }),
  )
  try {
    await Promise.all(followed.map(({ ready }) => ready))
  } catch (error) {
    for (const { stop } of followed) stop()
    throw error
  }

  const top = sources.length
  let closed = false
  const mustBeOpen = () => {
    if (closed) throw baseErrors.closed('configuration')
  }
  const mustWrite = (signal: AbortSignal | undefined) => {
    mustBeOpen()
    if (!writable) throw baseErrors.unimplemented(`the ${name} configuration`, 'write')
    if (signal?.aborted === true) throw baseErrors.canceled('a change of the configuration', signal.reason)
  }

  return {
    name,
    features: new Set<ConfigFeature>(writable ? ['write'] : []),
    get(path) {
      mustBeOpen()
      return tree.get(parsePath(path))
    },
    sourceOf(path) {
      mustBeOpen()
      return tree.sourceOf(parsePath(path))
    },
    async set(path, value, { secret = false, signal } = {}) {
      mustWrite(signal)
      if (secret) throw baseErrors.unimplemented(`the ${name} configuration`, 'secret')
      const steps = parsePath(path)
      const copy = frozenJson(value, configErrors.valueInvalid, steps)
      if (steps.length === 0 && !isMap(copy)) throw configErrors.valueInvalid(showPath(steps), 'the whole is a map')
      tree.replace(top, withValue(tree.layer(top), steps, copy))
    },
    async delete(path, { signal } = {}) {
      mustWrite(signal)
      const steps = parsePath(path)
      const before = tree.layer(top)
      const nothing = steps.length === 0 ? Object.keys(before as object).length === 0 : valueAt(before, steps) === undefined
      if (!nothing) tree.replace(top, withoutValue(before, steps) ?? Object.freeze({}))
      return !nothing
    },
    async watch(path, { signal } = {}) {
      mustBeOpen()
      return tree.watch(parsePath(path), signal)
    },
    async close() {
      closed = true
      for (const { stop } of followed) stop()
      tree.end()
    },
  }
}

const warn = (error: MicroError) => process.emitWarning(error.message, { type: 'ConfigWarning', code: error.reason, ...detailOf(error) })
const detailOf = (error: MicroError) => (error.hint === undefined ? {} : { detail: error.hint })
