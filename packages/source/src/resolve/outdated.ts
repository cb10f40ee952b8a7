import { MicroError } from '@microts/core/base'
import { type Chosen, chooseRevision } from '../git/choose.js'
import { compareVersions, parseVersion } from '../git/semver.js'
import { lockErrors } from '../lock/errors.js'
import { lockedFor } from '../lock/lock.js'
import { readUserConfig } from '../trust/user-config.js'
import { refuseHopeless, trustOf } from './decide-trust.js'
import { inParallel } from './in-parallel.js'
import { type Known, type Wish, askOnce } from './obtain.js'
import { type Context, type SourceOptions, contextOf } from './options.js'
import { readLock } from './settle.js'
import { lockedWishes } from './wishes.js'

/** A commit, and where it was seen. */
export interface SeenCommit {
  readonly commit: string
  readonly ref?: string
}

/** How a plugin of the lock stands to its remote. */
export interface PluginStanding {
  readonly key: string
  /** As it is written; `''` for none. */
  readonly revision: string
  readonly locked: SeenCommit
  /** What the revision means now: what `update` would take. Absent when that cannot be told. */
  readonly wanted?: SeenCommit
  /** The highest version that there is. Absent when no tag is a version. */
  readonly latest?: SeenCommit
  /** The revision means another commit now, or there is a higher version than the one that is locked. */
  readonly isOutdated: boolean
  /** Why it cannot be told. */
  readonly error?: MicroError
}

/**
 * Asks each repository that the lock names once, in parallel, and says what has moved. Fetches and changes nothing. What cannot be asked is told in its
 * own place, and does not keep the others from being told.
 *
 * @throws MicroError `PLUGIN_NOT_LOCKED`, `OFFLINE`, `UNTRUSTED_SOURCE`
 */
export async function outdated(references: readonly string[], options: SourceOptions): Promise<readonly PluginStanding[]> {
  const context = contextOf(options)
  const [lock, config] = await Promise.all([readLock(context), readUserConfig(context.folders.configFile)])
  const wishes = lockedWishes(lock, references)
  const [first] = wishes
  if (context.offline && first !== undefined) throw lockErrors.offline(first.key, first.revision)
  refuseHopeless(wishes, trustOf(config, lock, context), context)
  const known: Known = { lock, mirrors: config.mirrors, listings: new Map() }
  return inParallel(
    wishes,
    (wish) => standingOf(wish, known, context),
    () => Promise.resolve(),
  )
}

async function standingOf(wish: Wish, known: Known, context: Context): Promise<PluginStanding> {
  const { key, revision, reference } = wish
  const { commit, known: before } = lockedFor(known.lock, key, revision) as NonNullable<ReturnType<typeof lockedFor>>
  const locked: SeenCommit = { commit, ...(before.ref !== undefined && { ref: before.ref }) }
  try {
    const { advertised } = await askOnce(wish, known, context)
    const choose = (folder: string | undefined) => seen(chooseRevision(advertised, { key, folder }))
    const highest = choose(reference.folder)
    const latest = highest.ref?.startsWith('refs/tags/') === true ? highest : undefined
    const wanted = seen(chooseRevision(advertised, { key, ...reference }))
    const isOutdated = wanted.commit !== commit || isHigher(latest, locked)
    return { key, revision, locked, wanted, ...(latest !== undefined && { latest }), isOutdated }
  } catch (error) {
    if (MicroError.is(error) && error.code !== 'canceled') return { key, revision, locked, isOutdated: false, error }
    throw error
  }
}

const seen = ({ commit, ref }: Chosen): SeenCommit => ({ commit, ...(ref !== undefined && { ref }) })

/** Of a branch, or of a tag that is no version, nothing is higher. */
function isHigher(latest: SeenCommit | undefined, locked: SeenCommit): boolean {
  const [high, low] = [latest, locked].map((one) => parseVersion(one?.ref?.slice(one.ref.lastIndexOf('/') + 1) ?? ''))
  return high !== undefined && low !== undefined && compareVersions(high, low) > 0
}
