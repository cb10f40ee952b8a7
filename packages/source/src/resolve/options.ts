import { join, resolve } from 'node:path'
import { type Clock, systemClock } from '@microts/core/base'
import { type Limits, standardLimits } from '../git/limits.js'
import type { GitTools } from '../git/repository.js'
import { readSettings } from '../git/settings.js'
import { type Environment, type Folders, foldersOf } from '../machine/folders.js'
import { projectName } from '../machine/project-name.js'
import type { TrustQuestion } from '../trust/trust.js'
import type { SourceEvent } from './events.js'

/** What all that touches a project's plugins takes. */
export interface SourceOptions {
  /** The folder of the project: it has `micro.lock` and `plugins/`. */
  readonly project: string
  /** @default process.env */
  readonly env?: Environment
  /** Refuses any change of the lock. @default true when CI=true */
  readonly frozen?: boolean
  /** Uses no network. @default false */
  readonly offline?: boolean
  /** What is trusted in this run, besides the user's file and MICRO_TRUST: hosts, owners, repositories, commits, or `lock`. */
  readonly trust?: readonly string[]
  /**
   * Asked once for all that is not trusted, when it has been fetched and before anything of it has a name in the store. What it gives is kept in
   * the user's file: the sources of the questions, or their owners or hosts. Without it what is not trusted is refused before a remote is asked.
   */
  readonly askTrust?: (questions: readonly TrustQuestion[]) => Promise<readonly string[]>
  /** Lets a mirror be a folder of this machine. Only for a user who typed it. @default false */
  readonly allowLocal?: boolean
  /** Takes a commit that is written by hand although no branch or tag has it in its history. @default false */
  readonly allowUnreachable?: boolean
  readonly onEvent?: (event: SourceEvent) => void
  readonly signal?: AbortSignal
  readonly clock?: Clock
  /** For one call of git. @default 120 000 */
  readonly timeoutMs?: number
  readonly limits?: Partial<Limits>
}

/** The options, completed. */
export interface Context {
  readonly project: string
  readonly lockFile: string
  readonly linkFolder: string
  /** Which plugins a folder of the user's stands in the place of; in the user's own data. */
  readonly ownFoldersFile: string
  readonly folders: Folders
  readonly env: Environment
  readonly frozen: boolean
  readonly offline: boolean
  readonly options: SourceOptions
  readonly git: GitTools
  readonly clock: Clock
  /** All that has happened, in order. */
  readonly events: readonly SourceEvent[]
  readonly emit: (event: SourceEvent) => void
}

const standardTimeoutMs = 120_000

/** Completes the options. Reads and starts nothing. */
export function contextOf(options: SourceOptions): Context {
  const { env = process.env, clock = systemClock, timeoutMs = standardTimeoutMs, signal } = options
  const project = resolve(options.project)
  const folders = foldersOf(env)
  const events: SourceEvent[] = []
  let settings: ReturnType<typeof readSettings> | undefined
  return {
    project,
    lockFile: join(project, 'micro.lock'),
    linkFolder: join(project, 'plugins'),
    ownFoldersFile: join(folders.data, 'links', `${projectName(project)}.json`),
    folders,
    env,
    frozen: options.frozen ?? env['CI'] === 'true',
    offline: options.offline ?? false,
    options,
    git: {
      env,
      cache: folders.cache,
      settings: () => (settings ??= readSettings(env)),
      limits: { ...standardLimits, ...options.limits },
      timeoutMs,
      clock,
      signal,
    },
    clock,
    events,
    emit: (event) => {
      events.push(event)
      options.onEvent?.(event)
    },
  }
}
