import type { Place } from '@microts/core/base'
import { shown } from '../reference/errors.js'
import type { Mistake } from './mistake.js'

const mistake = (reason: string, message: string, place: Place, hint?: string): Mistake => ({
  code: 'invalid_argument',
  reason,
  message,
  place,
  ...(hint !== undefined && { hint }),
})

/** What can be wrong with a YAML file before its meaning is looked at. Texts of strangers are shown without control characters. */
export const yamlMistakes = {
  syntax: (place: Place, why: string) => mistake('YAML_SYNTAX', `Cannot read the YAML: ${shown(why)}`, place),

  tooLarge: (file: string, bytes: number, most: number) =>
    mistake('YAML_TOO_LARGE', `Cannot read ${bytes} bytes of YAML: at most ${most} are read`, { file }),

  tooMuch: (place: Place, what: string, most: number) =>
    mistake('YAML_LIMIT', `Cannot read the YAML: it has more than ${most} ${what}`, place, 'Write it out, or split it up.'),

  badKey: (place: Place, found: string) =>
    mistake('YAML_KEY', `Cannot use ${found} as a key: a key is a word`, place, 'Put the key in quotes if it is meant as text.'),

  duplicateKey: (place: Place, key: string) =>
    mistake('DUPLICATE_KEY', `"${shown(key)}" stands twice: the second would replace the first`, place, 'Keep one of the two.'),

  unsafeKey: (place: Place, key: string) =>
    mistake('UNSAFE_KEY', `"${shown(key)}" cannot be used as a key: JavaScript gives it a meaning`, place),
}
