import type { Config, JsonValue } from './config.js'
import { layeredConfig, type LayeredConfigOptions } from './layered.js'
import { memorySource } from './source/memory.js'

/** How a configuration in memory begins. */
export interface MemoryConfigOptions extends Partial<Omit<LayeredConfigOptions, 'name' | 'writable'>> {
  /** A map of what counts when nobody says anything else; the source `"initial"`, the weakest. @default empty */
  readonly initial?: JsonValue
}

/**
 * The configuration that needs nothing: `initial`, the `sources` above it, and above these what is `set`, which lives as long as the process.
 *
 * @throws as {@link layeredConfig}
 */
export function memoryConfig(options: MemoryConfigOptions = {}): Promise<Config> {
  const { initial = {}, sources = [], ...others } = options
  return layeredConfig({ ...others, name: 'memory', writable: true, sources: [memorySource('initial', initial), ...sources] })
}
