import { encodeService, type RegistryChange, type ServiceRecord } from '@microts/core/registry'

/** One key of etcd, decoded. */
export interface ListedNode {
  readonly key: string
  readonly revision: number
  /** With the nodes of this key alone: one. */
  readonly record: ServiceRecord
}

/** The nodes of one service. */
export interface Nodes {
  /** As `lookup` gives it; the same object until something changes. */
  readonly snapshot: readonly ServiceRecord[]
  readonly size: number
  /** Puts one, unless what is known of it is as new. */
  put(node: ListedNode): void
  /** Takes one out, unless it is newer than that. */
  remove(key: string, revision: number): void
  /** Makes it what was listed. `keepsMissing`: those that were not listed stay. */
  replace(listed: readonly ListedNode[], keepsMissing: boolean): void
  /** Revisions before now mean nothing any more: etcd is another one. */
  forgetRevisions(): void
}

interface Held {
  readonly revision: number
  readonly record: ServiceRecord
}

// Of all versions that a service has at a time; more come only from nodes that differ without need.
const maxShared = 64

/** An empty list; `tell` hears what changes. */
export function emptyNodes(tell: (change: RegistryChange) => void): Nodes {
  const held = new Map<string, Held>()
  const shared = new Map<string, ServiceRecord['endpoints']>()
  let snapshot: readonly ServiceRecord[] | undefined

  /** The nodes of a service mostly have the same endpoints, which are most of what one weighs. */
  function slim(record: ServiceRecord): ServiceRecord {
    const text = JSON.stringify(record.endpoints)
    const found = shared.get(text)
    if (found !== undefined) return { ...record, endpoints: found }
    if (shared.size >= maxShared) shared.clear()
    shared.set(text, record.endpoints)
    return record
  }

  function put({ key, revision, record }: ListedNode): void {
    const before = held.get(key)
    if (before !== undefined && before.revision >= revision) return
    const isSame = before !== undefined && encodeService(before.record) === encodeService(record)
    if (isSame) {
      held.set(key, { revision, record: before.record })
      return
    }
    // A changed node goes to the end, so that the last description of a version is the newest.
    held.delete(key)
    held.set(key, { revision, record: slim(record) })
    snapshot = undefined
    tell({ type: before === undefined ? 'create' : 'update', service: record })
  }

  function remove(key: string, revision: number): void {
    const before = held.get(key)
    if (before === undefined || before.revision > revision) return
    held.delete(key)
    snapshot = undefined
    tell({ type: 'delete', service: before.record })
  }

  return {
    get snapshot() {
      snapshot ??= byVersion([...held.values()].map(({ record }) => record))
      return snapshot
    },
    get size() {
      return held.size
    },
    put,
    remove,
    replace(listed, keepsMissing) {
      const keys = new Set(listed.map(({ key }) => key))
      if (!keepsMissing) for (const key of held.keys()) if (!keys.has(key)) remove(key, Infinity)
      for (const node of listed) put(node)
    },
    forgetRevisions() {
      for (const [key, { record }] of held) held.set(key, { revision: 0, record })
    },
  }
}

/** One record for each version, described as its last node describes it. */
function byVersion(records: readonly ServiceRecord[]): readonly ServiceRecord[] {
  const versions = new Map<string, { last: ServiceRecord; readonly nodes: ServiceRecord['nodes'][number][] }>()
  for (const record of records) {
    const found = versions.get(record.version)
    if (found === undefined) versions.set(record.version, { last: record, nodes: [...record.nodes] })
    else {
      found.last = record
      found.nodes.push(...record.nodes)
    }
  }
  return [...versions.values()].map(({ last, nodes }) => ({ ...last, nodes }))
}
