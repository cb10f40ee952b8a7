import type { ClientOptions } from '@microts/core'
import { registryOfRun, type RunRecord } from '@microts/runner'
import { catalogOf } from './catalog.js'
import { findInstallation } from './installation.js'
import type { Terminal } from './terminal.js'

/**
 * What makes a client see what the services of a run see: their project, and their registry, also when that is a plugin. What the user has set in the
 * environment wins.
 */
export async function clientOptionsOf(
  run: RunRecord | undefined,
  { env, folder }: Pick<Terminal, 'env' | 'folder'>,
): Promise<ClientOptions> {
  if (run === undefined) return { env, folder }
  const isOther = Boolean(env['MICRO_REGISTRY'])
  const registry = isOther ? undefined : await registryOfRun(run, { catalog: () => catalogOf(findInstallation()), env })
  const options = registry?.options ?? {}
  return {
    folder: run.folder,
    plugins: registry?.plugins ?? [],
    env: {
      MICRO_PROJECT: run.projectId,
      ...(registry === undefined ? {} : { MICRO_REGISTRY: registry.name }),
      ...(registry?.address === undefined ? {} : { MICRO_REGISTRY_ADDRESS: registry.address }),
      ...(Object.keys(options).length === 0 ? {} : { MICRO_REGISTRY_OPTIONS: JSON.stringify(options) }),
      LOG_LEVEL: 'warn',
      ...env,
    },
  }
}
