import { gitErrors } from './errors.js'
import type { Advertised } from './advertised.js'
import type { Revision } from '../reference/reference.js'
import { compareVersions, fitsRange, parseVersion } from './semver.js'

/** The one commit that a revision means now. */
export interface Chosen {
  readonly commit: string
  /** `refs/tags/v1.2.3`; absent for a commit that was written by hand. */
  readonly ref?: string
  /** The object of an annotated tag. */
  readonly tagObject?: string
  /** For people: `the highest version`. */
  readonly why: string
}

/** Where to choose. `key` is for messages; `folder` has version tags of its own, `<folder>/v1.2.3`, when it has any. */
export interface Choice {
  readonly key: string
  readonly folder?: string | undefined
  readonly revision?: Revision | undefined
}

/**
 * What a revision means at a remote. Left out, it is the highest version that is no pre-release, else HEAD.
 *
 * @throws MicroError `REVISION_NOT_FOUND`, `NO_VERSION_FITS`, or `AMBIGUOUS_REF` for a name that is both a tag and a branch, and for a branch that is called like a commit
 */
export function chooseRevision(advertised: Advertised, { key, folder, revision }: Choice): Chosen {
  switch (revision?.is) {
    case undefined:
      return highest(advertised, folder, 'latest') ?? head(advertised, key)
    case 'range': {
      const chosen = highest(advertised, folder, revision.text)
      if (chosen === undefined)
        throw gitErrors.noVersionFits(
          key,
          revision.text,
          versionTags(advertised, folder).map(({ tag }) => tag),
        )
      return chosen
    }
    case 'commit':
      return writtenCommit(advertised, key, revision.text)
    case 'tag':
      return tagOf(advertised, revision.name) ?? notFound(advertised, key, revision.name)
    case 'branch':
      return branchOf(advertised, revision.name) ?? notFound(advertised, key, revision.name)
    case 'name':
      return named(advertised, key, revision.text)
  }
}

/** Whether some branch, tag or HEAD is at this commit now. */
export function isAdvertised(advertised: Advertised, commit: string): boolean {
  if (advertised.head?.commit === commit) return true
  for (const at of advertised.branches.values()) if (at === commit) return true
  for (const tag of advertised.tags.values()) if (tag.commit === commit) return true
  return false
}

function named(advertised: Advertised, key: string, name: string): Chosen {
  if (name === 'HEAD') return head(advertised, key)
  const [tag, branch] = [tagOf(advertised, name), branchOf(advertised, name)]
  if (tag !== undefined && branch !== undefined) throw gitErrors.ambiguousRef(key, name, `Write tags/${name} or heads/${name}.`)
  return tag ?? branch ?? notFound(advertised, key, name)
}

function writtenCommit(advertised: Advertised, key: string, commit: string): Chosen {
  if (advertised.tags.has(commit) || advertised.branches.has(commit))
    throw gitErrors.ambiguousRef(
      key,
      commit,
      `It has a tag or branch that is called like a commit. Write tags/${commit} or heads/${commit}, or another commit.`,
    )
  return { commit, why: 'the commit' }
}

function tagOf(advertised: Advertised, name: string): Chosen | undefined {
  const tag = advertised.tags.get(name)
  return tag === undefined ? undefined : { ...tag, ref: `refs/tags/${name}`, why: 'the tag' }
}

function branchOf(advertised: Advertised, name: string): Chosen | undefined {
  const commit = advertised.branches.get(name)
  return commit === undefined ? undefined : { commit, ref: `refs/heads/${name}`, why: 'the branch as it is now' }
}

function head(advertised: Advertised, key: string): Chosen {
  if (advertised.head === undefined) return notFound(advertised, key, 'HEAD')
  const { commit, branch } = advertised.head
  return { commit, ref: branch === undefined ? 'HEAD' : `refs/heads/${branch}`, why: "the remote's HEAD, since no tag is a version" }
}

function highest(advertised: Advertised, folder: string | undefined, range: string): Chosen | undefined {
  const best = versionTags(advertised, folder)
    .filter(({ version }) => fitsRange(version, range))
    .at(-1)
  const chosen = best === undefined ? undefined : tagOf(advertised, best.tag)
  return chosen === undefined
    ? undefined
    : { ...chosen, why: range === 'latest' ? 'the highest version' : `the highest version that fits ${range}` }
}

/** Tags that are versions, lowest first: the folder's own, or when it has none the repository's. */
function versionTags(advertised: Advertised, folder: string | undefined) {
  const below = (prefix: string) =>
    [...advertised.tags.keys()]
      .flatMap((tag) => {
        const version = tag.startsWith(prefix) ? parseVersion(tag.slice(prefix.length)) : undefined
        return version === undefined ? [] : [{ tag, version }]
      })
      .sort((a, b) => compareVersions(a.version, b.version) || (a.tag < b.tag ? -1 : 1))
  const own = folder === undefined ? [] : below(`${folder}/`)
  return own.length > 0 ? own : below('')
}

function notFound(advertised: Advertised, key: string, name: string): never {
  throw gitErrors.revisionNotFound(key, name, [...advertised.branches.keys(), ...advertised.tags.keys()])
}
