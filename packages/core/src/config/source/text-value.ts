import { MicroError } from '../../base/index.js'
import type { JsonValue } from '../config.js'
import { parseJson } from './json-text.js'

/**
 * What a text of a variable or flag means: the JSON that it is, else the text itself.
 *
 * A number counts as one only when it is written as JSON would write it, so that nothing is lost: `8080` is a number, but `007`, `1.10`, `1e3` and
 * 12345678901234567890 stay text. Text in double quotes is the string within: `"8080"`. What begins like JSON and is none (`[::1]:80`) is text.
 */
export function textValue(text: string): JsonValue {
  const isJson = /^\s*["[{]/.test(text) || text === 'true' || text === 'false' || text === 'null' || isExactNumber(text)
  if (!isJson) return text
  try {
    return parseJson(text, 'text')
  } catch (error) {
    if (MicroError.is(error)) return text
    throw error
  }
}

const isExactNumber = (text: string) => /^-?\d/.test(text) && JSON.stringify(Number(text)) === text
