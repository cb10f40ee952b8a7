/** `micro.lock`: which commit each revision of the project means, and what its content is. */
export interface Lock {
  /** By canonical key. */
  readonly plugins: ReadonlyMap<string, LockedPlugin>
}

/** A plugin in the lock, in all the revisions that the project names. */
export interface LockedPlugin {
  /** Where the repository is, whatever mirror serves it. */
  readonly url: string
  /** From a revision, as it is written, to its commit. `''`: none was written. */
  readonly requested: ReadonlyMap<string, string>
  readonly commits: ReadonlyMap<string, LockedCommit>
}

/** What is known of a commit. */
export interface LockedCommit {
  /** Where it was seen: `refs/tags/v1.2.3`. Absent for a commit that was written by hand. */
  readonly ref?: string
  /** The object of an annotated tag. */
  readonly tagObject?: string
  /** 64 hexadecimal digits: see `h1Of`. */
  readonly h1: string
  readonly files: number
  readonly bytes: number
  /** The plugin APIs that it was made for, when all of it says the same. */
  readonly api?: string
  readonly types: readonly string[]
  /** `broker/kafka`. */
  readonly implementations: readonly string[]
}

/** A lock that names nothing. */
export const emptyLock: Lock = { plugins: new Map() }

/** The commit that a revision means, and what is known of it; undefined when the lock does not say. */
export function lockedFor(
  lock: Lock,
  key: string,
  revision: string,
): { readonly commit: string; readonly known: LockedCommit; readonly url: string } | undefined {
  const plugin = lock.plugins.get(key)
  const commit = plugin?.requested.get(revision)
  const known = commit === undefined ? undefined : plugin?.commits.get(commit)
  return plugin === undefined || commit === undefined || known === undefined ? undefined : { commit, known, url: plugin.url }
}

/** What `withPlugin` adds. */
export interface Addition {
  readonly key: string
  readonly url: string
  /** As it is written; `''` for none. */
  readonly revision: string
  readonly commit: string
  readonly known: LockedCommit
}

/** The lock with one revision more, or with another commit for it. Commits that no revision means any more are gone. */
export function withPlugin(lock: Lock, { key, url, revision, commit, known }: Addition): Lock {
  const before = lock.plugins.get(key)
  const requested = new Map(before?.requested ?? []).set(revision, commit)
  const meant = new Set(requested.values())
  const commits = new Map([...(before?.commits ?? []), [commit, known] as const].filter(([id]) => meant.has(id)))
  return { plugins: new Map(lock.plugins).set(key, { url: before?.url ?? url, requested, commits }) }
}

/** The lock without one revision of a plugin; commits that no revision means any more, and a plugin that has none, are gone. */
export function withoutRevision(lock: Lock, key: string, revision: string): Lock {
  const plugin = lock.plugins.get(key)
  const requested = new Map([...(plugin?.requested ?? [])].filter(([text]) => text !== revision))
  const plugins = new Map(lock.plugins)
  if (plugin === undefined || requested.size === 0) plugins.delete(key)
  else {
    const meant = new Set(requested.values())
    plugins.set(key, { ...plugin, requested, commits: new Map([...plugin.commits].filter(([id]) => meant.has(id))) })
  }
  return { plugins }
}
