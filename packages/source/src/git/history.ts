import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { statSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { MicroError } from '@microts/core/base'
import { removeLeftovers } from '../machine/leftovers.js'
import { markOfThisProcess } from '../machine/process-mark.js'
import { gitErrors } from './errors.js'
import { type GitTools, type Remote, prepareRepository, runLocal, runRemote } from './repository.js'

/** How a commit stands to one that was there before: `unrelated` shares no commit with it, `diverged` shares one that is older than both. */
export type Relation = 'ahead' | 'behind' | 'diverged' | 'unrelated'

/** A commit as its author tells of it. Nothing in it is to be shown as it is. */
export interface LoggedCommit {
  readonly commit: string
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly author: string
  readonly subject: string
}

/** The commits of all branches and tags of a remote, without any of their files. */
export interface History {
  /** Whether some branch or tag has the commit in its history. */
  contains(commit: string): Promise<boolean>
  relation(from: string, to: string): Promise<Relation>
  /** The commits of `to` that `from` does not have, newest first, at most `most`. */
  log(from: string, to: string, most: number): Promise<readonly LoggedCommit[]>
  /** Removes it from the disk. */
  close(): Promise<void>
}

const mostOutput = 1024 * 1024
const fetchFlags = ['--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules', '--filter=tree:0']
const allRefs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']

/**
 * Fetches the history of a remote into a folder of its own. Undefined when the server sends no history without files, when there is more of it than is
 * looked through, or when it takes too long: nothing is known then. `like`: any commit of it, which tells the hash that it is made of.
 */
export async function openHistory(remote: Remote, like: string, tools: GitTools): Promise<History | undefined> {
  const parent = join(tools.cache, 'git', 'history')
  const folder = join(parent, `${markOfThisProcess()}.${randomUUID()}${like.length === 64 ? '-sha256' : ''}.git`)
  await mkdir(parent, { recursive: true })
  await removeLeftovers(parent)
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    await prepareRepository(folder, like.length === 64 ? 'sha256' : 'sha1')
    if (await fetchHistory(folder, remote, allRefs, tools)) return historyIn(folder, remote, tools, close)
  } catch (error) {
    await close()
    throw error
  }
  await close()
  return undefined
}

function historyIn(folder: string, remote: Remote, tools: GitTools, close: () => Promise<void>): History {
  const run = (...args: string[]) =>
    runLocal({ folder }, args, tools, {
      about: `the history of ${remote.url}`,
      maxBytes: mostOutput,
      tooMuch: () => gitErrors.tooBig(remote.url, 'bytes in what its history says', mostOutput),
    })
  // git itself fails on several fetches at once.
  let turn: Promise<unknown> = Promise.resolve()
  const fetchOnly = (commit: string) => (turn = turn.catch(() => undefined).then(() => fetchHistory(folder, remote, [commit], tools)))
  const has = async (commit: string) => (await run('cat-file', '-e', `${commit}^{commit}`)).exitCode === 0
  const isAncestor = async (old: string, young: string) => (await run('merge-base', '--is-ancestor', old, young)).exitCode === 0
  return {
    close,
    contains: async (commit) => {
      const { exitCode, stdout } = await run('for-each-ref', '--count=1', `--contains=${commit}`)
      return exitCode === 0 && stdout.length > 0
    },
    relation: async (from, to) => {
      // No branch has it any more: a host may still serve it by its id, and with it what it grew from.
      if (!(await has(from))) await fetchOnly(from)
      if (!(await has(to))) await fetchOnly(to)
      if (!(await has(from)) || !(await has(to))) return 'unrelated'
      if (await isAncestor(from, to)) return 'ahead'
      if (await isAncestor(to, from)) return 'behind'
      return (await run('merge-base', from, to)).exitCode === 0 ? 'diverged' : 'unrelated'
    },
    log: async (from, to, most) => {
      const { exitCode, stdout } = await run('rev-list', `--max-count=${most}`, `--format=${logFormat}`, `${from}..${to}`)
      return exitCode === 0 ? parseLog(stdout.toString('utf8')) : []
    },
  }
}

// Not `git log`: it looks for a .mailmap among the files, which are not here. A line with the commit stands before each.
const logFormat = '%x00%H%x00%ct%x00%an%x00%s%x00'

function parseLog(output: string): LoggedCommit[] {
  const fields = output.split('\0')
  return Array.from({ length: Math.floor(fields.length / 5) }, (_, index) => {
    const [commit = '', seconds = '', author = '', subject = ''] = fields.slice(index * 5 + 1, index * 5 + 5)
    return { commit, at: Number(seconds) * 1000, author, subject }
  })
}

async function fetchHistory(folder: string, remote: Remote, refs: readonly string[], tools: GitTools): Promise<boolean> {
  const noFilter = gitErrors.failed(`fetch the history of ${remote.url}`, null, 'the server does not leave out files')
  const tooMuch = gitErrors.tooBig(remote.url, 'bytes of history', tools.limits.historyBytes)
  try {
    const { exitCode } = await runRemote(folder, remote, ['fetch', ...fetchFlags, '--', remote.url, ...refs], tools, {
      onErrorOutput: (text) => (text.includes('filtering not recognized by server') ? noFilter : undefined),
      watch: () => (bytesIn(join(folder, 'objects', 'pack')) > tools.limits.historyBytes ? tooMuch : undefined),
    })
    return exitCode === 0
  } catch (error) {
    if (error === noFilter || error === tooMuch || (MicroError.is(error) && error.reason === 'REMOTE_SILENT')) return false
    throw error
  }
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0)
}
