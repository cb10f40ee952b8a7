import { lockErrors } from './errors.js'
import type { Lock, LockedPlugin } from './lock.js'

/** A revision that the two sides of a merge have moved to two commits. */
export interface Undecided {
  readonly key: string
  readonly revision: string
  readonly ours: string
  readonly theirs: string
}

/** The two texts that a merge could not make one of; undefined when the text has no marks of a merge. The common ancestor, as `diff3` shows it, is left out. */
export function sidesOf(text: string): { readonly ours: string; readonly theirs: string } | undefined {
  const sides: Record<'ours' | 'theirs', string[]> = { ours: [], theirs: [] }
  let at: 'both' | 'ours' | 'base' | 'theirs' = 'both'
  let isConflict = false
  for (const line of text.split('\n')) {
    const [mark] = /^(<{7}|\|{7}|={7}|>{7})(?= |$)/.exec(line) ?? []
    if (mark?.startsWith('<') === true) [at, isConflict] = ['ours', true]
    else if (mark?.startsWith('|') === true && at === 'ours') at = 'base'
    else if (mark?.startsWith('=') === true && (at === 'ours' || at === 'base')) at = 'theirs'
    else if (mark?.startsWith('>') === true) at = 'both'
    else {
      if (at === 'both' || at === 'ours') sides.ours.push(line)
      if (at === 'both' || at === 'theirs') sides.theirs.push(line)
    }
  }
  return isConflict ? { ours: sides.ours.join('\n'), theirs: sides.theirs.join('\n') } : undefined
}

/**
 * All that either lock names. Where both name a revision, and not the same commit, ours stands in the lock and the revision is told.
 *
 * @throws MicroError `HASH_MISMATCH` when they know one commit by two contents
 */
export function mergeLocks(ours: Lock, theirs: Lock, file: string): { readonly lock: Lock; readonly undecided: readonly Undecided[] } {
  const plugins = new Map(ours.plugins)
  const undecided: Undecided[] = []
  for (const [key, plugin] of theirs.plugins) {
    const own = plugins.get(key)
    if (own === undefined) {
      plugins.set(key, plugin)
      continue
    }
    for (const [commit, { h1 }] of plugin.commits) {
      const known = own.commits.get(commit)
      if (known !== undefined && known.h1 !== h1) throw lockErrors.hashesDiffer(file, key, commit)
    }
    for (const [revision, commit] of plugin.requested) {
      const other = own.requested.get(revision)
      if (other !== undefined && other !== commit) undecided.push({ key, revision, ours: other, theirs: commit })
    }
    plugins.set(key, {
      url: own.url,
      requested: new Map([...plugin.requested, ...own.requested]),
      commits: new Map([...plugin.commits, ...own.commits]),
    })
  }
  return { lock: { plugins }, undecided }
}

/** The lock with what was decided, and without commits that no revision means. */
export function withDecided(lock: Lock, decided: readonly (Pick<Undecided, 'key' | 'revision'> & { readonly commit: string })[]): Lock {
  const plugins = new Map(lock.plugins)
  for (const [key, plugin] of plugins) {
    const own = decided.filter((one) => one.key === key).map(({ revision, commit }) => [revision, commit] as const)
    plugins.set(key, onlyMeant({ ...plugin, requested: new Map([...plugin.requested, ...own]) }))
  }
  return { plugins }
}

function onlyMeant(plugin: LockedPlugin): LockedPlugin {
  const meant = new Set(plugin.requested.values())
  return { ...plugin, commits: new Map([...plugin.commits].filter(([id]) => meant.has(id))) }
}
