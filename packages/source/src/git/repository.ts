import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '@microts/core/base'
import type { Environment } from '../machine/folders.js'
import { replaceFile } from '../machine/replace-file.js'
import { takeTurn } from '../machine/turn.js'
import { type Setting, gitEnvironment } from './environment.js'
import { gitErrors } from './errors.js'
import type { Limits } from './limits.js'
import { type GitCall, type GitEnd, runGit } from './run-git.js'

/** What every call of git is made with. */
export interface GitTools {
  readonly env: Environment
  /** The folder of the machine's cache. */
  readonly cache: string
  /** The user's settings that a fetch may know; asked for when the first remote is. */
  readonly settings: () => Promise<readonly Setting[]>
  readonly limits: Limits
  /** For one call. */
  readonly timeoutMs: number
  readonly clock?: Clock
  readonly signal?: AbortSignal | undefined
}

/** A bare repository of the cache, while it is this caller's turn. */
export interface CachedRepository {
  readonly folder: string
  readonly remote: Remote
}

/** Where the bytes come from. */
export interface Remote {
  readonly url: string
  readonly transport: 'https' | 'ssh' | 'http' | 'file'
}

const formats = {
  sha1: '[core]\n\trepositoryformatversion = 0\n\tbare = true\n',
  sha256: '[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n',
}

/**
 * Runs `use` on the cache's bare repository for `remote`, one caller at a time on this machine: git itself fails on several fetches at once.
 * `commit` tells which hash the repository is made of.
 */
export async function withRepository<T>(
  remote: Remote,
  commit: string,
  tools: GitTools,
  use: (repository: CachedRepository) => Promise<T>,
): Promise<T> {
  const format = commit.length === 64 ? 'sha256' : 'sha1'
  const name = createHash('sha256').update(remote.url).digest('hex')
  const folder = join(tools.cache, 'git', `${name}${format === 'sha1' ? '' : '-sha256'}.git`)
  const leave = await takeTurn(join(tools.cache, 'git', `${name}.turns`), tools)
  try {
    await prepareRepository(folder, format)
    return await use({ folder, remote })
  } finally {
    await leave()
  }
}

/**
 * Makes a bare repository, without `git init`, which takes longer than all of the listing. One that is there gets its configuration anew, so
 * that nothing planted in it counts, and loses the locks that a killed git left: it is our turn.
 */
export async function prepareRepository(folder: string, format: 'sha1' | 'sha256'): Promise<void> {
  await mkdir(join(folder, 'objects', 'pack'), { recursive: true })
  await mkdir(join(folder, 'refs'), { recursive: true })
  await replaceFile(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
  await forgetPromises(folder, format)
  for (const name of await readdir(folder)) if (name.endsWith('.lock')) await rm(join(folder, name), { force: true })
}

/** After a fetch with a filter git wants to fetch what is missing whenever it meets it. What is missing here is missing on purpose. */
async function forgetPromises(folder: string, format: 'sha1' | 'sha256'): Promise<void> {
  await replaceFile(join(folder, 'config'), formats[format])
  const packs = join(folder, 'objects', 'pack')
  for (const name of await readdir(packs)) if (/\.promisor$|^tmp_/.test(name)) await rm(join(packs, name), { force: true })
}

/** Runs git on what has been fetched. It has no transport at all. */
export async function runLocal(
  repository: Pick<CachedRepository, 'folder'>,
  args: readonly string[],
  tools: GitTools,
  call: Pick<GitCall, 'about' | 'maxBytes' | 'tooMuch'> & Partial<Pick<GitCall, 'input' | 'onOutput'>>,
): Promise<GitEnd> {
  return runGit({ ...callOf(repository.folder, args, tools), env: gitEnvironment(tools.env, []), ...call })
}

const mostRemoteOutput = 32 * 1024 * 1024

/** Runs git where it may reach the remote, and only it. */
export async function runRemote(
  folder: string,
  remote: Remote,
  args: readonly string[],
  tools: GitTools,
  call: Partial<Pick<GitCall, 'watch' | 'onErrorOutput'>> = {},
): Promise<GitEnd> {
  const settings = remote.transport === 'https' || remote.transport === 'http' ? await tools.settings() : []
  return runGit({
    ...callOf(folder, args, tools),
    env: gitEnvironment(tools.env, [remote.transport], settings),
    about: remote.url,
    maxBytes: mostRemoteOutput,
    tooMuch: () => gitErrors.tooBig(remote.url, 'bytes in the list of its branches and tags', mostRemoteOutput),
    ...call,
  })
}

/** After each fetch: see {@link prepareRepository}. */
export async function afterFetch({ folder }: Pick<CachedRepository, 'folder'>): Promise<void> {
  await forgetPromises(folder, folder.endsWith('-sha256.git') ? 'sha256' : 'sha1')
}

function callOf(folder: string, args: readonly string[], tools: GitTools) {
  const { clock = systemClock, signal, timeoutMs } = tools
  return { args: ['--git-dir', folder, ...args], cwd: folder, timeoutMs, clock, signal }
}
