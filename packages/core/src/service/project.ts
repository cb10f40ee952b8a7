import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { textOf, type Environment } from './environment.js'
import { serviceErrors } from './errors.js'

/** The files that make a folder a project. */
export const projectFiles = ['micro.yml', '.lando.yml'] as const

/** Which project a process belongs to. */
export interface ProjectIdentity {
  /** What `MICRO_PROJECT` says, else the SHA-256 of the folder's real path as 64 hex digits: two checkouts never meet. */
  readonly id: string
  /** Absolute, without links. */
  readonly folder: string
}

/**
 * The project of `env`, else of the nearest folder from `from` upwards that has a project file, else of `from` itself.
 *
 * @throws `invalid_argument`/`ENVIRONMENT_INVALID` when `MICRO_PROJECT_DIR` is no folder
 */
export function identifyProject(env: Environment, from: string): ProjectIdentity {
  const named = textOf(env, 'MICRO_PROJECT_DIR')
  if (named !== undefined && !existsSync(named)) throw serviceErrors.environmentInvalid('MICRO_PROJECT_DIR', named, 'a folder that exists')
  const folder = named === undefined ? nearestProject(realpathSync(from)) : realpathSync(named)
  let id = textOf(env, 'MICRO_PROJECT')
  return {
    folder,
    get id() {
      return (id ??= projectId(folder))
    },
  }
}

/** The id of the project in `folder`, which is absolute and without links. */
export function projectId(folder: string): string {
  // Loaded here, since it costs a service that answers its first call milliseconds.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(folder).digest('hex')
}

function nearestProject(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (projectFiles.some((file) => existsSync(join(folder, file)))) return folder
    if (dirname(folder) === folder) return start
  }
}
