import type { Lock } from '../lock/lock.js'
import { providedBy } from '../manifest/merge.js'
import { trustErrors } from '../trust/errors.js'
import { type Trust, type TrustQuestion, isTrusted, mayTrustCommit, parseTrust, parseTrustValues, resembling } from '../trust/trust.js'
import { type UserConfig, addTrust } from '../trust/user-config.js'
import type { Obtained, Wish } from './obtain.js'
import type { Context } from './options.js'

/**
 * Whom this run trusts: the user's file, `--trust`, MICRO_TRUST, and with `lock` what the frozen lock names.
 *
 * @throws MicroError `TRUST_SYNTAX`, `TRUST_LOCK_NOT_FROZEN`
 */
export function trustOf(config: UserConfig, lock: Lock, { options, env, frozen }: Context): Trust {
  const values = parseTrustValues([...(options.trust ?? []), env['MICRO_TRUST'] ?? ''])
  if (!values.includes('lock')) return { entries: [...config.trust, ...values] }
  if (!frozen) throw trustErrors.lockNotFrozen()
  return { entries: [...config.trust, ...values.filter((value) => value !== 'lock')], lock }
}

/**
 * Refuses what nobody will say yes to, before a remote is asked.
 *
 * @throws MicroError `UNTRUSTED_SOURCE`
 */
export function refuseHopeless(wishes: readonly Wish[], trust: Trust, { options }: Context): void {
  if (options.askTrust !== undefined) return
  const hopeless = wishes.filter(({ key }) => !isTrusted(trust, key) && !mayTrustCommit(trust, key))
  if (hopeless.length > 0)
    throw trustErrors.untrusted(
      hopeless.map(({ key, revision }) => ({
        source: key,
        revision,
        capabilities: [],
        types: [],
        implementations: [],
        ...resemblance(trust, key),
      })),
    )
}

/**
 * Asks for all that is not trusted yet, at once, and keeps the answer in the user's file.
 *
 * @throws MicroError `UNTRUSTED_SOURCE` for what is not trusted then either
 */
export async function decideTrust(all: readonly Obtained[], trust: Trust, context: Context): Promise<void> {
  const { options, folders, emit } = context
  const isOpen = (entries: Trust) => all.filter(({ wish, commit, h1 }) => !isTrusted(entries, wish.key, commit, h1))
  const open = isOpen(trust)
  if (open.length === 0) return
  const questions = open.map((obtained) => questionOf(obtained, trust, context))
  if (options.askTrust === undefined) throw trustErrors.untrusted(questions)
  const sources = (await options.askTrust(questions)).map(parseTrust)
  const left = isOpen({ ...trust, entries: [...trust.entries, ...sources] })
  if (left.length > 0) throw trustErrors.untrusted(left.map((obtained) => questionOf(obtained, trust, context)))
  await addTrust(folders, sources)
  emit({ is: 'trusted', sources })
}

function questionOf({ wish, commit, committedAt, catalog }: Obtained, trust: Trust, { clock }: Context): TrustQuestion {
  const capabilities = [...new Set(catalog.plugins.flatMap((plugin) => plugin.capabilities))].sort()
  return {
    source: wish.key,
    revision: wish.revision,
    commit,
    ...(committedAt !== undefined && { ageMs: clock.now() - committedAt }),
    capabilities,
    ...providedBy(catalog),
    ...resemblance(trust, wish.key),
  }
}

function resemblance(trust: Trust, key: string): { readonly resembles?: string } {
  const resembles = resembling(trust, key)
  return resembles === undefined ? {} : { resembles }
}
