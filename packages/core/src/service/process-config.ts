import { memoryConfig } from '../config/memory.js'
import { envSource } from '../config/source/env.js'
import { flagsSource } from '../config/source/flags.js'
import type { Config } from '../config/config.js'
import type { Environment } from './environment.js'

/**
 * The default configuration of a process: every variable of its environment as it is, under `env` (`env.SMTP_URL`); above it the settings that variables
 * with MICRO_ name (`MICRO_DATABASE__HOST` is `database.host`), then those of the flags, then what the program sets.
 */
export async function processConfig(env: Environment, argv: readonly string[]): Promise<Config> {
  const variables = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  return memoryConfig({ initial: { env: variables }, sources: [envSource(env), flagsSource(argv)] })
}
