import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MicroError } from '@microts/core/base'
import { keyOf, urlOf } from '../reference/format.js'
import type { Repository } from '../reference/reference.js'
import { type Advertised, parseAdvertised } from './advertised.js'
import { gitErrors } from './errors.js'
import { explainFailure } from './explain.js'
import { type GitTools, type Remote, prepareRepository, runRemote } from './repository.js'

/** From a host to a template with `{path}`: where the bytes of its repositories come from. */
export type Mirrors = ReadonlyMap<string, string>

/** Hosts whose addresses end with `.git`: without it some answer by a redirect. Of other hosts it is not known. */
const withSuffix = ['github.com', 'gitlab.com', 'bitbucket.org']

/** The address of a repository as the lock has it, whatever mirror serves it. */
export function canonicalUrl(repository: Repository): string {
  return urlOf(repository, withSuffix.includes(repository.host) ? '.git' : '')
}

/**
 * Where to look for a repository, the likeliest first. Whether `.git` belongs to its address only its host knows, and GitLab answers to the
 * address without it by a redirect, which is not followed.
 *
 * @throws MicroError `PROTO_DENIED` for a mirror that may not be used
 */
export function remotesOf(repository: Repository, mirrors: Mirrors, allowLocal: boolean): readonly [Remote, ...Remote[]] {
  const mirror = mirrors.get(keyOf(repository).split('/', 1)[0] as string)
  if (mirror !== undefined) return [mirrorRemote(mirror.replaceAll('{path}', repository.path), allowLocal)]
  const { transport } = repository.access
  const remote = (suffix: '' | '.git'): Remote => ({ url: urlOf(repository, suffix), transport })
  return withSuffix.includes(repository.host) ? [remote('.git'), remote('')] : [remote(''), remote('.git')]
}

function mirrorRemote(url: string, allowLocal: boolean): Remote {
  if (/^https:\/\/[^@]+$/.test(url)) return { url, transport: 'https' }
  if (/^ssh:\/\/[A-Za-z0-9]/.test(url)) return { url, transport: 'ssh' }
  if (/^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\//.test(url)) return { url, transport: 'http' }
  if (allowLocal && url.startsWith('file:///')) return { url, transport: 'file' }
  throw gitErrors.transport(url)
}

/** What a remote answered, and the address under which it did. */
export interface Listing {
  readonly remote: Remote
  readonly advertised: Advertised
}

/**
 * Asks a repository for its branches and tags, under the first of its addresses that answers.
 *
 * @throws MicroError `AUTH`, `REPOSITORY_NOT_FOUND`, `REDIRECT_HOST`, `REMOTE_UNREACHABLE`, `REMOTE_SILENT`, `EMPTY_REPOSITORY` ...
 */
export async function listRemote(remotes: readonly [Remote, ...Remote[]], tools: GitTools): Promise<Listing> {
  let first: MicroError | undefined
  for (const remote of remotes) {
    try {
      return { remote, advertised: await askRemote(remote, tools) }
    } catch (error) {
      if (!MicroError.is(error) || !isWorthAnotherAddress(error)) throw error
      first ??= error
    }
  }
  throw first as MicroError
}

const isWorthAnotherAddress = ({ reason }: MicroError) => ['REDIRECT_HOST', 'REPOSITORY_NOT_FOUND', 'EMPTY_REPOSITORY'].includes(reason)

async function askRemote(remote: Remote, tools: GitTools): Promise<Advertised> {
  // Not the repository of the cache, which might be somebody else's turn, but one without any content: git has to stand somewhere.
  const folder = join(tools.cache, 'git', 'empty.git')
  await mkdir(folder, { recursive: true })
  await prepareRepository(folder, 'sha1')
  const args = ['ls-remote', '--symref', '--end-of-options', remote.url, 'HEAD', 'refs/heads/*', 'refs/tags/*']
  const { exitCode, stdout, stderr } = await runRemote(folder, remote, args, tools)
  if (exitCode !== 0) throw explainFailure(stderr, remote.url, `list the branches of ${remote.url}`, exitCode)
  const advertised = parseAdvertised(stdout.toString('utf8'))
  if (advertised.head === undefined && advertised.branches.size === 0 && advertised.tags.size === 0) throw gitErrors.empty(remote.url)
  return advertised
}
