import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MicroError } from '@microts/core/base'
import { markOfThisProcess } from '../machine/process-mark.js'
import { removeLeftovers } from '../machine/leftovers.js'
import { gitErrors } from './errors.js'
import { type GitTools, type Remote, prepareRepository, runLocal, runRemote } from './repository.js'

/** `unknown`: the server sends no history without files, or more of it than is looked through. */
export type Reachable = 'yes' | 'no' | 'unknown'

const mostOutput = 1024 * 1024

/**
 * Whether a commit belongs to the history of some branch or tag of a remote. Hosts serve commits of forks under the name of the original, so a
 * commit that somebody wrote by hand may never have been in the repository that it is asked of.
 *
 * Fetches commits without their files into a folder of their own.
 */
export async function isReachable(remote: Remote, commit: string, tools: GitTools): Promise<Reachable> {
  const parent = join(tools.cache, 'git', 'history')
  const folder = join(parent, `${markOfThisProcess()}.${randomUUID()}${commit.length === 64 ? '-sha256' : ''}.git`)
  await mkdir(parent, { recursive: true })
  await removeLeftovers(parent)
  try {
    await prepareRepository(folder, commit.length === 64 ? 'sha256' : 'sha1')
    if (!(await fetchHistory(folder, remote, tools))) return 'unknown'
    const { exitCode, stdout } = await runLocal({ folder }, ['for-each-ref', '--count=1', `--contains=${commit}`], tools, {
      about: 'the history',
      maxBytes: mostOutput,
      tooMuch: () => gitErrors.tooBig(remote.url, 'bytes', mostOutput),
    })
    return exitCode === 0 && stdout.length > 0 ? 'yes' : 'no'
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function fetchHistory(folder: string, remote: Remote, tools: GitTools): Promise<boolean> {
  const noFilter = gitErrors.failed(`fetch the history of ${remote.url}`, null, 'the server does not leave out files')
  const args = ['fetch', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules', '--filter=tree:0']
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
  try {
    const { exitCode } = await runRemote(folder, remote, [...args, '--', remote.url, ...refs], tools, {
      onErrorOutput: (text) => (text.includes('filtering not recognized by server') ? noFilter : undefined),
    })
    return exitCode === 0
  } catch (error) {
    if (MicroError.is(error) && (error === noFilter || error.reason === 'REMOTE_SILENT')) return false
    throw error
  }
}
