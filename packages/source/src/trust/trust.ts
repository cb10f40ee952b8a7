import { MicroError, nearest } from '@microts/core/base'
import type { Lock } from '../lock/lock.js'
import { parseHost } from '../reference/host.js'
import { parseReference } from '../reference/parse.js'
import { trustErrors } from './errors.js'

/** What a person is asked before anything of a stranger's is used. */
export interface TrustQuestion {
  /** The canonical key: `github.com/alice/mailhog`. */
  readonly source: string
  /** As it is written; `''` for none. */
  readonly revision: string
  /** Absent when nothing was fetched, since nobody can be asked. */
  readonly commit?: string
  /** How long ago the commit was made, as its author says. Absent when the commit is not here to be asked. */
  readonly ageMs?: number
  /** What it wants to use of the machine, sorted. */
  readonly capabilities: readonly string[]
  readonly types: readonly string[]
  readonly implementations: readonly string[]
  /** A trusted owner whose name is nearly the same, which is how a stranger would like to be taken. */
  readonly resembles?: string
}

/** What is trusted, and why: from the user's file, or for this run. */
export interface Trust {
  readonly entries: readonly string[]
  /** Exactly the commits and hashes of this lock. */
  readonly lock?: Lock
}

const commitAtEnd = /^(.+):([0-9a-f]{40}|[0-9a-f]{64})$/
const separator = /[\s,]+/

/**
 * One thing to trust in its canonical form: a host, an owner, a repository with or without a folder, or a commit of one.
 *
 * @throws MicroError `TRUST_SYNTAX`
 */
export function parseTrust(text: string): string {
  try {
    if (!text.includes('/')) return hostOf(text)
    const [, source = text, commit] = commitAtEnd.exec(text) ?? []
    // An owner is a path that is too short for a repository of some hosts.
    const isOwner = commit === undefined && source.split('/').length === 2
    const reference = parseReference(isOwner ? `${source}/x` : source)
    if (reference.from !== 'git') throw trustErrors.notASource(text, 'it is no place of git repositories')
    if (reference.revision !== undefined) throw trustErrors.notASource(text, 'a revision may mean another commit tomorrow')
    const { host, port, path, folder } = reference
    const place = [`${host}${port === undefined ? '' : `:${port}`}`, isOwner ? path.slice(0, -'/x'.length) : path].join('/')
    return `${place}${folder === undefined ? '' : `//${folder}`}${commit === undefined ? '' : `:${commit}`}`
  } catch (error) {
    if (MicroError.is(error) && error.reason !== 'TRUST_SYNTAX') throw trustErrors.notASource(text, error.message)
    throw error
  }
}

function hostOf(text: string): string {
  const { host, port } = parseHost(text, text, 443)
  return port === undefined ? host : `${host}:${port}`
}

/** Takes `--trust` and `MICRO_TRUST` apart; `lock` stays a word. */
export function parseTrustValues(values: readonly string[]): readonly string[] {
  return values
    .flatMap((value) => value.split(separator))
    .flatMap((value) => (value === '' ? [] : [value === 'lock' ? value : parseTrust(value)]))
}

/** Whether a commit of a plugin is trusted. Without `commit`: whether all of its commits are. */
export function isTrusted({ entries, lock }: Trust, key: string, commit?: string, h1?: string): boolean {
  if (commit !== undefined && h1 !== undefined && lock?.plugins.get(key)?.commits.get(commit)?.h1 === h1) return true
  return entries.some((entry) => {
    const [, source = entry, id] = commitAtEnd.exec(entry) ?? []
    return (id === undefined || id === commit) && isSameOrBelow(key, source)
  })
}

/** Whether some entry is about one commit of this plugin, so that it must be known which commit is meant before anything can be said. */
export function mayTrustCommit({ entries, lock }: Trust, key: string): boolean {
  return lock?.plugins.has(key) === true || entries.some((entry) => isSameOrBelow(key, commitAtEnd.exec(entry)?.[1] ?? '\0'))
}

/** The trusted owner that `key` nearly names, if it is not that one: another name on the same host, or the same name on a host of nearly its name. */
export function resembling({ entries }: Trust, key: string): string | undefined {
  const [host = '', owner = ''] = key.split('/')
  const found = entries
    .map((entry) => entry.split('/'))
    .find(([otherHost = '', other = '']) => (otherHost === host ? isNear(other, owner) : other === owner && isNearHost(otherHost, host)))
  return found?.slice(0, 2).join('/')
}

/** Not of the whole of `host/owner` at once: there every two short names on one host are near each other. */
const isNear = (known: string, word: string) => known !== '' && known !== word && nearest(word, [known]).length > 0

// They are near each other, and nobody is taken for another on them because of the host.
const wellKnown = ['github.com', 'gitlab.com', 'bitbucket.org']
const isNearHost = (known: string, host: string) => !wellKnown.includes(host) && isNear(known, host)

/** `github.com/alice` covers `github.com/alice/mailhog//x`, and not `github.com/alice2`. */
function isSameOrBelow(key: string, source: string): boolean {
  return key === source || key.startsWith(`${source}/`)
}
