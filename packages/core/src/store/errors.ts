import { MicroError } from '../base/index.js'

/** The failures that every store shares, each made in one place. */
export const storeErrors = {
  /** A key that no store may accept. `why`: what is wrong with it, as a clause. */
  keyInvalid: (key: unknown, why: string) =>
    new MicroError('invalid_argument', `Cannot use ${quote(key)} as a key: ${why}`, {
      reason: 'KEY_INVALID',
      hint: 'Use 1 to 1024 bytes of UTF-8 without NUL; a hash makes a long name short.',
    }),

  /** A database or a table that cannot be one. `what`: "database" or "table". */
  scopeInvalid: (what: string, name: unknown) =>
    new MicroError('invalid_argument', `Cannot use ${quote(name)} as a ${what}: a name is 1 to 64 of A-Z a-z 0-9 _ -`, {
      reason: 'SCOPE_INVALID',
      hint: `Choose another ${what}, as "orders" or "orders-2026".`,
    }),

  /** A number, a prefix or metadata that cannot be used. `option`: its name; `wanted`: what it has to be. */
  queryInvalid: (option: string, found: unknown, wanted: string) =>
    new MicroError('invalid_argument', `Cannot use ${quote(found)} as ${option}: it has to be ${wanted}`, {
      reason: 'QUERY_INVALID',
      hint: `Give ${wanted} as \`${option}\`, or leave it out.`,
      details: { option },
    }),

  /** A value, or its metadata as JSON, that is over the limit of the store. */
  valueTooLarge: (key: string, bytes: number, maxBytes: number) =>
    new MicroError('resource_exhausted', `Cannot put ${quote(key)}: it has ${bytes} bytes, and ${maxBytes} are the most`, {
      reason: 'VALUE_TOO_LARGE',
      hint: 'Put it in parts under keys of their own, or raise `maxValueBytes` of the store.',
      details: { bytes, maxBytes },
    }),

  /** The server behind a store cannot be reached. */
  unavailable: (store: string, cause?: unknown) =>
    new MicroError('unavailable', `Cannot reach the ${store}: ${cause instanceof Error ? cause.message : 'it does not answer'}`, {
      reason: 'STORE_UNAVAILABLE',
      hint: 'Look whether it runs and whether `MICRO_STORE_ADDRESS` names it.',
      cause,
    }),

  /** What is kept under a key is not what was put there, or cannot be read at all (`cause`). `where`: the file and offset, or the row. */
  recordCorrupt: (key: string, where: string, cause?: unknown) =>
    new MicroError(
      'data_loss',
      `Cannot read ${quote(key)} in ${where}: ${cause instanceof Error ? cause.message : 'it does not have the checksum that it was written with'}`,
      {
        reason: 'RECORD_CORRUPT',
        hint: 'Put it anew or delete it, or bring the data back from a backup; then look at the disk.',
        details: { key, where },
        cause,
      },
    ),
}

// A key can be a thousand bytes long, or no string at all; a message stays readable either way.
function quote(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
