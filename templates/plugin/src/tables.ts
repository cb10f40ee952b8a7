import { createTable } from '@microts/core/store'
import type { StoreRecord, Table } from '@microts/core/store'
import { jsonStoreErrors } from './errors.js'

/** The records, by `database/table`. */
export type Tables = Map<string, Table<StoreRecord>>

/** A record in the file: text where the bytes are UTF-8, so that people can read and mend it. */
type Written = { readonly text?: string; readonly base64?: string; readonly metadata?: Readonly<Record<string, unknown>> }

/** `tables` as the file has them: `{ "database/table": { "key": { "text": "..." } } }`. Empty tables are left out. */
export function toJson(tables: Tables): unknown {
  const written = [...tables].map(([name, table]) => [name, [...table.records()].map((record) => [record.key, toWritten(record)] as const)] as const)
  return Object.fromEntries(written.filter(([, records]) => records.length > 0).map(([name, records]) => [name, Object.fromEntries(records)]))
}

/**
 * The tables of a file. `content`: what it holds, undefined for no file.
 *
 * @throws `data_loss`/`FILE_CORRUPT`
 */
export function toTables(file: string, content: unknown = {}): Tables {
  const tables: Tables = new Map()
  try {
    for (const [name, records] of entriesOf(content)) {
      const table = createTable<StoreRecord>()
      for (const [key, written] of entriesOf(records)) table.set(key, toRecord(key, written as Written))
      tables.set(name, table)
    }
  } catch (cause) {
    throw jsonStoreErrors.corrupt(file, cause)
  }
  return tables
}

function entriesOf(value: unknown): readonly [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('it is no object of objects')
  return Object.entries(value)
}

function toWritten({ value, metadata }: StoreRecord): Written {
  const rest = metadata === undefined ? {} : { metadata }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value), ...rest }
  } catch {
    // No UTF-8.
    return { base64: Buffer.from(value).toString('base64'), ...rest }
  }
}

function toRecord(key: string, { text, base64, metadata }: Written): StoreRecord {
  if (typeof (text ?? base64) !== 'string') throw new TypeError(`"${key}" has neither "text" nor "base64"`)
  const value = text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text)
  return { key, value: new Uint8Array(value), ...(metadata === undefined ? {} : { metadata }) }
}
