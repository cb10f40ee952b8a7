import type { Config } from '../config/config.js'
import type { Environment } from './environment.js'

/**
 * The default configuration of a process: every variable of its environment as it is, under `env` (`env.SMTP_URL`); above it the settings that variables
 * with MICRO_ name (`MICRO_DATABASE__HOST` is `database.host`), then those of the flags, then what the program sets.
 */
export async function processConfig(env: Environment, argv: readonly string[]): Promise<Config> {
  const [{ memoryConfig }, { envSource }, { flagsSource }] = await Promise.all([
    import('../config/memory.js'),
    import('../config/source/env.js'),
    import('../config/source/flags.js'),
  ])
  const variables = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  return memoryConfig({ initial: { env: variables }, sources: [envSource(env), flagsSource(argv)] })
}
