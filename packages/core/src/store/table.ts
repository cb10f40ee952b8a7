import type { StoreQuery } from './store.js'

/**
 * The order of the keys' UTF-8 bytes, as Array.sort wants it.
 *
 * JavaScript compares UTF-16 units, which differs in one place: a surrogate (U+10000 and up, 4 bytes from F0) sorts before U+E000 to U+FFFF (3 bytes from
 * EE). So the units from D800 on change places, and nothing has to be encoded.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return byteRank(x) - byteRank(y)
  }
  return a.length - b.length
}

function byteRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** The records of one table in memory, by key, with listing in the order of the keys' bytes. For authors of stores. */
export interface Table<R> {
  readonly size: number
  get(key: string): R | undefined
  /** Puts `record` in the place of one with that key. */
  set(key: string, record: R): void
  /** Whether there was one. */
  delete(key: string): boolean
  records(): IterableIterator<R>
  /**
   * The keys that fit now, with their records, in order. A key that is deleted while the list is read is left out from then on, one that is
   * replaced comes with its new record. `isLive` decides whether a record counts at all, also for `offset` and `limit`.
   *
   * It costs a sort of the keys that fit; listing all of an unchanged table sorts once.
   */
  list(query: StoreQuery, isLive: (record: R) => boolean): IterableIterator<[string, R]>
}

/** An empty table. */
export function createTable<R>(): Table<R> {
  const records = new Map<string, R>()
  // Whoever reads a table page by page asks for the same order again and again. Only a new or a lost key changes it.
  let sorted: readonly string[] | undefined

  const keysThatFit = ({ prefix = '', suffix = '' }: StoreQuery): readonly string[] => {
    const fits = (key: string) => key.startsWith(prefix) && key.endsWith(suffix)
    if (prefix === '' && suffix === '') return (sorted ??= [...records.keys()].sort(compareKeys))
    if (sorted === undefined) return [...records.keys()].filter(fits).sort(compareKeys)
    const from = firstAtOrAfter(sorted, prefix)
    let to = from
    while (to < sorted.length && sorted[to]?.startsWith(prefix) === true) to++
    const among = sorted.slice(from, to)
    return suffix === '' ? among : among.filter(fits)
  }

  return {
    get size() {
      return records.size
    },
    get: (key) => records.get(key),
    set(key, record) {
      const before = records.size
      records.set(key, record)
      if (records.size !== before) sorted = undefined
    },
    delete(key) {
      const had = records.delete(key)
      if (had) sorted = undefined
      return had
    },
    records: () => records.values(),
    *list(query, isLive) {
      const { limit = Infinity, offset = 0 } = query
      if (limit === 0) return
      let passed = 0
      for (const key of keysThatFit(query)) {
        const record = records.get(key)
        if (record === undefined || !isLive(record)) continue
        if (passed++ < offset) continue
        yield [key, record]
        if (passed === offset + limit) return
      }
    },
  }
}

// Where `key` would stand in `sorted`.
function firstAtOrAfter(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(sorted[middle] as string, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
