import { didYouMean, type Place } from '@microts/core/base'
import type { Mistake } from '@microts/source/yaml'

const mistake = (reason: string, message: string, place: Place, hint?: string): Mistake => ({
  code: 'invalid_argument',
  reason,
  message,
  place,
  ...(hint !== undefined && { hint }),
})

/** What can be wrong with a value that is YAML but not what the key takes. */
export const shapeMistakes = {
  wrongType: (place: Place, path: string, wanted: string, found: string, hint?: string) =>
    mistake('WRONG_TYPE', `"${path}" must be ${wanted}: found ${found}`, place, hint),

  unknownKey: (place: Place, path: string, key: string, known: readonly string[]) => {
    const where = path === '' ? 'at the top of the file' : `in "${path}"`
    const near = didYouMean(key, known)
    const hint = near === undefined ? `Known here: ${known.join(', ')}.` : sentence(near)
    return mistake('UNKNOWN_KEY', `"${key}" is not known ${where}: found a key that nothing reads`, place, spaceAfterColon(key) ?? hint)
  },

  missingKey: (place: Place, path: string, key: string, about: string) =>
    mistake('MISSING_KEY', `"${key}" is missing ${path === '' ? 'at the top of the file' : `in "${path}"`}: ${about}`, place),

  notOneOf: (place: Place, path: string, found: string, known: readonly string[]) => {
    const near = didYouMean(found, known)
    return mistake(
      'UNKNOWN_WORD',
      `"${path}" must be one of ${known.join(', ')}: found "${found}"`,
      place,
      near === undefined ? undefined : sentence(near),
    )
  },

  unsafeKey: (place: Place, key: string) => mistake('UNSAFE_KEY', `"${key}" cannot be used as a key: JavaScript gives it a meaning`, place),
}

/** The advice for `type:mailhog`, which YAML takes for one word; undefined for a word that has no colon inside. */
export function spaceAfterColon(text: string): string | undefined {
  const colon = text.indexOf(':')
  if (colon <= 0 || colon === text.length - 1 || text.includes('://')) return undefined
  return `A space after the colon: "${text.slice(0, colon)}: ${text.slice(colon + 1)}".`
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
