import { decodeService } from '@microts/core/registry'
import { isCompacted, type Gateway, type Json } from './gateway.js'
import { fromBase64, toBase64, type Keys } from './keys.js'
import type { ListedNode } from './nodes.js'

/** What etcd had at one revision. */
export interface Listing<T> {
  readonly revision: number
  readonly found: readonly T[]
}

// A page is read as one JSON text: about 2 MB with nodes of much metadata.
const pageSize = 1000
// Compacted while its pages were read: to happen twice takes a list that is read for as long as etcd remembers.
const maxAttempts = 3

/** The nodes of a service, or of all, at one revision, page by page. `onCorrupt` is told of values that are none. */
export async function listNodes(
  { gateway, keys, onCorrupt }: { readonly gateway: Gateway; readonly keys: Keys; readonly onCorrupt: (key: string, why: unknown) => void },
  service?: string,
): Promise<Listing<ListedNode>> {
  const { revision, found } = await list(gateway, keys, service, {})
  return {
    revision,
    found: found.flatMap(({ key, value = '', mod_revision }) => {
      const node = readNode({ key: fromBase64(key), value: fromBase64(value), revision: Number(mod_revision) }, onCorrupt)
      return node === undefined ? [] : [node]
    }),
  }
}

/** The names of the services that have a node, sorted. */
export async function listNames({ gateway, keys }: { readonly gateway: Gateway; readonly keys: Keys }): Promise<readonly string[]> {
  const { found } = await list(gateway, keys, undefined, { keys_only: true })
  return [...new Set(found.flatMap(({ key }) => keys.serviceOf(fromBase64(key)) ?? []))].sort()
}

/** A key's value, decoded; undefined when it is no node. */
export function readNode(
  { key, value, revision }: { readonly key: string; readonly value: string; readonly revision: number },
  onCorrupt: (key: string, why: unknown) => void,
): ListedNode | undefined {
  try {
    const record = decodeService(value)
    return record.nodes.length === 0 ? undefined : { key, revision, record }
  } catch (error) {
    // Another program's key must not hide the nodes beside it.
    onCorrupt(key, error)
    return undefined
  }
}

interface KeyValue {
  readonly key: string
  readonly value?: string
  readonly mod_revision: string
}

async function list(gateway: Gateway, keys: Keys, service: string | undefined, options: Json): Promise<Listing<KeyValue>> {
  const what = service === undefined ? 'list the services' : `look up "${service}"`
  for (let attempt = 1; ; attempt++) {
    try {
      return await listOnce((body) => gateway.call(what, '/v3/kv/range', { ...body, ...options }), keys.rangeOf(service))
    } catch (error) {
      if (!isCompacted(error) || attempt === maxAttempts) throw error
    }
  }
}

async function listOnce(
  ask: (body: Json) => Promise<readonly Json[]>,
  range: { readonly key: string; readonly range_end: string },
): Promise<Listing<KeyValue>> {
  const found: KeyValue[] = []
  for (let key = range.key, revision = 0; ;) {
    // Further pages are of the first one's revision, or a node might be in two of them or in none.
    const [page = {}] = await ask({ ...range, key, limit: pageSize, ...(revision === 0 ? {} : { revision: String(revision) }) })
    if (revision === 0) revision = Number((page['header'] as Json)['revision'] ?? 0)
    const entries = (page['kvs'] ?? []) as readonly KeyValue[]
    found.push(...entries)
    const last = entries.at(-1)
    if (page['more'] !== true || last === undefined) return { revision, found }
    key = toBase64(`${fromBase64(last.key)}\0`)
  }
}
