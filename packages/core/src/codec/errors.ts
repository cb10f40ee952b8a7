import { MicroError } from '../base/index.js'

/** Where in a text a reader stopped. Offsets count from 0, lines and columns from 1. */
export interface TextPosition {
  readonly offset: number
  readonly line: number
  readonly column: number
}

/** The failures of codecs, each made in one place. */
export const codecErrors = {
  /** A value that the format has no way to write. */
  notEncodable: (codec: string, why: string, hint: string, cause?: unknown) =>
    new MicroError('invalid_argument', `Cannot write the value as ${codec}: ${why}`, { reason: 'NOT_ENCODABLE', hint, cause }),

  /** Bytes that are not what their content type says. */
  notDecodable: (codec: string, why: string, position?: TextPosition, cause?: unknown) =>
    new MicroError('invalid_argument', `Cannot read the body as ${codec}: ${why}`, {
      reason: 'NOT_DECODABLE',
      hint: `Send what the content type promises: ${codec}.`,
      cause,
      ...(position === undefined ? {} : { details: { position } }),
    }),
}
