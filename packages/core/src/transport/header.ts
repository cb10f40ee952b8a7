import { transportErrors } from './errors.js'
import type { Frame } from './transport.js'

const NAME = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/
// Control characters but the tab end a header line, or are refused by the HTTP readers of this world.
// oxlint-disable-next-line no-control-regex
const VALUE_MISTAKE = /[\u0000-\u0008\u000a-\u001f\u007f]|^[ \t]|[ \t]$/

/**
 * The header with its names in lower case; the same object when they are already.
 *
 * @throws `invalid_argument`/`HEADER_INVALID` for a name or a value that would not arrive as it was sent
 */
export function checkedHeader(header: Frame['header']): Frame['header'] {
  let isLower = true
  for (const name in header) {
    const value = header[name] as string
    if (!NAME.test(name)) throw transportErrors.headerInvalid(name, 'its name has characters that names cannot have')
    if (VALUE_MISTAKE.test(value)) throw transportErrors.headerInvalid(name, 'its value has a control character, or a space at an end')
    if (isLower && name !== name.toLowerCase()) isLower = false
  }
  return isLower ? header : Object.fromEntries(Object.entries(header).map(([name, value]) => [name.toLowerCase(), value]))
}
