/** What a remote has: one answer of `git ls-remote`. */
export interface Advertised {
  /** `branch` is absent when HEAD names a commit. */
  readonly head: { readonly commit: string; readonly branch?: string } | undefined
  readonly branches: ReadonlyMap<string, string>
  readonly tags: ReadonlyMap<string, AdvertisedTag>
}

/** A tag; `tagObject` is there for an annotated one. */
export interface AdvertisedTag {
  readonly commit: string
  readonly tagObject?: string
}

const objectId = /^([0-9a-f]{40}|[0-9a-f]{64})$/

/** Reads what `git ls-remote --symref` prints. Lines that are something else are left out. */
export function parseAdvertised(output: string): Advertised {
  const branches = new Map<string, string>()
  const tags = new Map<string, AdvertisedTag>()
  let head: string | undefined
  let branch: string | undefined
  for (const line of output.split('\n')) {
    const [value = '', name = ''] = line.split('\t')
    if (name === 'HEAD' && value.startsWith('ref: refs/heads/')) branch = value.slice('ref: refs/heads/'.length)
    if (!objectId.test(value)) continue
    if (name === 'HEAD') head = value
    else if (name.startsWith('refs/heads/')) branches.set(name.slice('refs/heads/'.length), value)
    else if (name.startsWith('refs/tags/') && name.endsWith('^{}')) addPeeled(tags, name.slice('refs/tags/'.length, -'^{}'.length), value)
    else if (name.startsWith('refs/tags/')) tags.set(name.slice('refs/tags/'.length), { commit: value })
  }
  return { head: head === undefined ? undefined : { commit: head, ...(branch !== undefined && { branch }) }, branches, tags }
}

/** `v1^{}` follows `v1`, and says which commit the tag object behind `v1` is about. */
function addPeeled(tags: Map<string, AdvertisedTag>, name: string, commit: string): void {
  const tag = tags.get(name)
  tags.set(name, tag === undefined ? { commit } : { commit, tagObject: tag.commit })
}
