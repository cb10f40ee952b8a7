import type { RunRecord } from '@microts/runner'

/**
 * The environment that makes a client see what the services of a run see: their project, their registry. What the user has set wins.
 */
export function environmentOf(
  run: RunRecord | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  if (run === undefined) return env
  const registry = run.services.flatMap((service) => service.uses).find((use) => use.kind === 'registry')
  return {
    MICRO_PROJECT: run.projectId,
    ...(registry === undefined ? {} : { MICRO_REGISTRY: registry.name }),
    LOG_LEVEL: 'warn',
    ...env,
  }
}
