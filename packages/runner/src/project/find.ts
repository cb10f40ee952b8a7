import { createHash } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { projectErrors } from './errors.js'

/** The names of a project file; with both in one folder the first counts. */
export const projectFileNames = ['micro.yml', '.lando.yml'] as const

/** Where a project is. */
export interface ProjectLocation {
  /** Real and absolute. */
  readonly folder: string
  /** Absolute. */
  readonly file: string
  readonly id: string
}

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The project that `folder` is in: the nearest folder upwards with a `micro.yml` or a `.lando.yml`.
 *
 * @throws MicroError `not_found`/`PROJECT_NOT_FOUND` or `FOLDER_NOT_FOUND`
 */
export function findProject(folder: string, env: Environment = process.env): ProjectLocation {
  const start = realFolder(folder)
  const found = nearestFile(start)
  if (found === undefined) throw projectErrors.notFound(start)
  return { folder: dirname(found), file: found, id: projectId(dirname(found), env) }
}

/** The project file at or above a real, absolute folder. */
export function nearestFile(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = projectFileNames.map((name) => join(at, name)).find((path) => existsSync(path))
    if (file !== undefined) return file
    if (dirname(at) === at) return undefined
  }
}

/** `MICRO_PROJECT`, else the SHA-256 of the folder's real path, as 64 hex digits. */
export function projectId(folder: string, env: Environment): string {
  return env['MICRO_PROJECT'] || createHash('sha256').update(folder).digest('hex')
}

/** The folder's real, absolute path. @throws MicroError `not_found`/`FOLDER_NOT_FOUND` */
export function realFolder(folder: string): string {
  try {
    return realpathSync(resolve(folder))
  } catch (error) {
    throw projectErrors.noFolder(resolve(folder), error)
  }
}

/** A project's name when its file says none: its folder's, with what a name cannot have left out. */
export function nameOfFolder(folder: string): string {
  return (
    basename(folder)
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 63) || 'project'
  )
}
