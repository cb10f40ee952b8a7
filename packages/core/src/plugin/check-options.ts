import { checkValue } from './check-value.js'
import type { OptionsSchema } from './options.js'

/** The options with their defaults filled in, or what is wrong with them: one line an issue, `path: found, wanted`. */
export type CheckedOptions =
  | { readonly options: Readonly<Record<string, unknown>>; readonly issues?: undefined }
  | { readonly issues: readonly string[] }

/**
 * Checks `value` (absent: no options) against `schema` (absent: it takes none), in which `checkOptionsSchema` has found nothing wrong.
 *
 * The value itself is left as it is. No issue shows the value of a secret, or of anything that has a secret in it.
 */
export function checkOptions(schema: OptionsSchema | undefined, value: unknown): CheckedOptions {
  const issues: string[] = []
  const options = checkValue({ properties: {}, ...schema, type: 'object' }, value ?? {}, '', issues) as Readonly<Record<string, unknown>>
  return issues.length === 0 ? { options } : { issues }
}
