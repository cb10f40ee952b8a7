import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { MicroError } from '@microts/core/base'
import { gitErrors } from './errors.js'
import { explainFailure } from './explain.js'
import { type CachedRepository, type GitTools, afterFetch, runLocal, runRemote } from './repository.js'

/** What to fetch. */
export interface Wanted {
  readonly key: string
  readonly commit: string
  /** Where the commit was seen, for servers that give no commit by its id. */
  readonly ref?: string | undefined
  /** Told of the bytes that have come so far, a few times a second. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

const mostOutput = 1024 * 1024

/**
 * Brings one commit into the cache, with its files and without its history, unless it is there.
 *
 * A server may refuse to give a commit by its id: then the ref is fetched at which it was seen, and if it is not there any more, all branches and
 * tags with their history.
 *
 * @throws MicroError `COMMIT_GONE`, `TOO_BIG`, and those of a remote that cannot be reached
 */
export async function fetchCommit(repository: CachedRepository, wanted: Wanted, tools: GitTools): Promise<void> {
  if (await hasCommit(repository, wanted.commit, tools)) return
  const byId = await fetchInto(repository, ['--depth=1'], [wanted.commit], wanted, tools)
  if (byId.exitCode === 0) return
  if (/not our ref|no such remote ref|couldn't find remote ref/i.test(byId.stderr) && wanted.ref === undefined)
    throw gitErrors.gone(wanted.key, wanted.commit, repository.remote.url)
  if (!/unadvertised object|not our ref|no such remote ref|couldn't find remote ref/i.test(byId.stderr))
    throw explainFailure(byId.stderr, repository.remote.url, `fetch ${wanted.key}`, byId.exitCode)
  if (wanted.ref !== undefined) {
    await fetchInto(repository, ['--depth=1'], [wanted.ref], wanted, tools)
    if (await hasCommit(repository, wanted.commit, tools)) return
  }
  await fetchAll(repository, wanted, tools)
}

async function fetchAll(repository: CachedRepository, wanted: Wanted, tools: GitTools): Promise<void> {
  const depth = existsSync(join(repository.folder, 'shallow')) ? ['--unshallow'] : []
  const all = ['+refs/heads/*:refs/micro/heads/*', '+refs/tags/*:refs/micro/tags/*']
  const { exitCode, stderr } = await fetchInto(repository, depth, all, wanted, tools)
  if (exitCode !== 0) throw explainFailure(stderr, repository.remote.url, `fetch ${wanted.key}`, exitCode)
  if (!(await hasCommit(repository, wanted.commit, tools))) throw gitErrors.gone(wanted.key, wanted.commit, repository.remote.url)
}

async function fetchInto(repository: CachedRepository, depth: readonly string[], refs: readonly string[], wanted: Wanted, tools: GitTools) {
  const { limits } = tools
  const flags = ['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance', '--progress']
  // One more than is allowed: the filter leaves out what has this size and what is larger.
  const filter = `--filter=blob:limit=${limits.fileBytes + 1}`
  const watch = growthOf(repository.folder, wanted, limits.fetchBytes)
  try {
    return await runRemote(
      repository.folder,
      repository.remote,
      ['fetch', ...depth, ...flags, filter, '--', repository.remote.url, ...refs],
      tools,
      { watch },
    )
  } finally {
    await afterFetch(repository)
  }
}

/** Watches the packs that grow while git writes them. */
function growthOf(folder: string, { key, onBytes }: Wanted, most: number): () => MicroError | undefined {
  const packs = join(folder, 'objects', 'pack')
  const before = bytesIn(packs)
  return () => {
    const bytes = bytesIn(packs) - before
    if (bytes > 0) onBytes?.(bytes)
    return bytes > most ? gitErrors.tooBig(key, 'bytes to fetch', most) : undefined
  }
}

function bytesIn(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder)) bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
  return bytes
}

async function hasCommit(repository: CachedRepository, commit: string, tools: GitTools): Promise<boolean> {
  // A repository that nothing was ever fetched into has no commit, and need not be asked.
  if (readdirSync(join(repository.folder, 'objects', 'pack')).length === 0) return false
  const { exitCode } = await runLocal(repository, ['cat-file', '-e', `${commit}^{tree}`], tools, {
    about: `commit ${commit}`,
    maxBytes: mostOutput,
    tooMuch: () => gitErrors.tooBig(commit, 'bytes', mostOutput),
  })
  return exitCode === 0
}
