import type { Place } from '@microts/core/base'
import type { Mistake } from './mistake.js'

const mistake = (reason: string, message: string, place: Place, hint?: string): Mistake => ({
  code: 'invalid_argument',
  reason,
  message,
  place,
  ...(hint !== undefined && { hint }),
})

/** What can be wrong with a YAML file before its meaning is looked at. Texts are safe to show, whoever wrote them. */
export const yamlMistakes = {
  syntax: (place: Place, why: string) => mistake('YAML_SYNTAX', `Cannot read the YAML: ${why}`, place),

  nul: (place: Place) => mistake('YAML_SYNTAX', 'Cannot read the YAML: it has a NUL byte', place, 'Save the file as UTF-8 text.'),

  tooLarge: (file: string, bytes: number, most: number) =>
    mistake('YAML_TOO_LARGE', `Cannot read ${bytes} bytes of YAML: at most ${most} are read`, { file }),

  tooMuch: (place: Place, what: string, most: number) =>
    mistake('YAML_LIMIT', `Cannot read the YAML: it has more than ${most} ${what}`, place, 'Write it out, or split it up.'),

  badKey: (place: Place, found: string) =>
    mistake('YAML_KEY', `Cannot use ${found} as a key: a key is a word`, place, 'Put the key in quotes if it is meant as text.'),

  mergeKey: (place: Place) =>
    mistake('YAML_MERGE_KEY', 'Cannot use the merge key "<<": it is not read', place, 'Write the keys out where they are meant.'),

  duplicateKey: (place: Place, key: string) =>
    mistake('DUPLICATE_KEY', `"${key}" stands twice: the second would replace the first`, place, 'Keep one of the two.'),

  unsafeKey: (place: Place, key: string) => mistake('UNSAFE_KEY', `"${key}" cannot be used as a key: JavaScript gives it a meaning`, place),

  control: (place: Place) =>
    mistake('CONTROL_CHARACTER', 'A text has control characters, which a terminal would obey: they are not shown', place),
}
