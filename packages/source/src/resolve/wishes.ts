import { MicroError } from '@microts/core/base'
import type { Lock } from '../lock/lock.js'
import { referenceOf } from '../lock/parse.js'
import { canonicalKey, formatReference } from '../reference/format.js'
import { parseReference } from '../reference/parse.js'
import type { GitReference, Reference } from '../reference/reference.js'
import { parseRevision } from '../reference/revision.js'
import { resolveErrors } from './errors.js'
import type { Wish } from './obtain.js'

/** What a reference wishes of git; nothing when it names another place. */
export function toWish(text: string, reference: Reference): Wish[] {
  if (reference.from !== 'git') return []
  return [{ text, reference, key: canonicalKey(reference), revision: reference.revision?.text ?? '' }]
}

/**
 * What the lock names, a wish for each revision: all of it, or with references those only. One without a revision means all revisions of the plugin.
 *
 * @throws MicroError `PLUGIN_NOT_LOCKED` for one that the lock does not name
 */
export function lockedWishes(lock: Lock, references: readonly string[] = []): readonly Wish[] {
  const all = [...lock.plugins].flatMap(([key, { url, requested }]) =>
    [...requested.keys()].map((revision): Wish => {
      const plain = referenceOf(key, url)
      const reference: GitReference = revision === '' ? plain : { ...plain, revision: parseRevision(revision, revision) }
      return { text: formatReference(reference), reference, key, revision }
    }),
  )
  if (references.length === 0) return all
  const meant = references.flatMap((text) => {
    const reference = parseReference(text)
    const key = canonicalKey(reference)
    const revision = reference.from === 'git' ? reference.revision?.text : undefined
    const found = all.filter((wish) => wish.key === key && (revision === undefined || wish.revision === revision))
    if (found.length === 0)
      throw resolveErrors.notLocked(
        text,
        all.map((wish) => wish.text),
      )
    return found
  })
  return meant.filter((wish, index) => meant.indexOf(wish) === index)
}

/** Rethrows a failure with the reference that it is about: whoever asked for several knows where each is written. */
export function sayingOf(reference: string): (error: unknown) => never {
  return (error) => {
    throw MicroError.is(error) ? resolveErrors.about(reference, error) : error
  }
}
