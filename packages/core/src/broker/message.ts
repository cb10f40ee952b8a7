import type { Message } from './broker.js'
import { brokerErrors } from './errors.js'

const key = /^[A-Za-z0-9_-]{1,256}$/
// eslint-disable-next-line no-control-regex -- NUL, LF and CR are what is looked for
const lineBreakOrNul = /[\0\n\r]/

/**
 * Refuses headers that the contract does not allow; gives how many bytes they have as UTF-8.
 *
 * @throws `invalid_argument`/`HEADER_INVALID`
 */
export function checkHeader(header: Message['header']): number {
  let bytes = 0
  for (const [name, value] of Object.entries(header)) {
    if (!key.test(name)) throw brokerErrors.headerInvalid(name, 'its key has other characters, none, or more than 256')
    if (typeof value !== 'string') throw brokerErrors.headerInvalid(name, `its value is no string but ${typeof value}`)
    if (lineBreakOrNul.test(value)) throw brokerErrors.headerInvalid(name, 'its value has a line break or NUL')
    bytes += name.length + Buffer.byteLength(value)
  }
  return bytes
}
