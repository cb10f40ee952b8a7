import type { Cancel, Clock } from '../../base/index.js'
import { registryErrors } from '../errors.js'
import { encodeService } from '../json.js'
import type { NodeTable } from '../node-table.js'
import type { NodeRecord, ServiceRecord } from '../registry.js'
import { browser } from './browser.js'
import { explanation } from './explanation.js'
import { registryFolder, type RegistryFolder } from './folder.js'
import type { InterfaceChoice } from './interfaces.js'
import { openLink, type Received } from './link.js'
import { hostName, ownNode } from './own-node.js'
import { responder } from './responder.js'

/** The working parts of an mDNS registry, open. */
export interface Engine {
  register(service: ServiceRecord, ttlMs: number | undefined): Promise<void>
  /** Resolves when nothing is left of the nodes that were taken out of the table. */
  settle(): Promise<void>
  lookup(name: string): Promise<readonly ServiceRecord[]>
  list(): Promise<readonly string[]>
  /** Learns what is there, so that a watch tells only of what comes; and keeps it fresh until the returned function is called. */
  follow(name: string | undefined): Promise<Cancel>
  explain(): string | undefined
  /** For people. */
  readonly address: string
  close(): Promise<void>
}

/** What an {@link Engine} is made of. */
export interface EngineOptions {
  readonly table: NodeTable
  /** The owner of our nodes in the table. Whoever takes one out there has it say goodbye. */
  readonly owner: object
  readonly project: string | undefined
  readonly interfaces: InterfaceChoice | undefined
  readonly folder: string | undefined
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (message: string) => void
}

// Over this, a packet is sent in pieces on most networks, and is lost when one of them is.
const wholePacketBytes = 1400
// With multicast at work the folder is only looked into for those whose multicast is not.
const folderAgeMs = 1000
// Nobody announces changes in the folder.
const pollMs = 250

/** Opens the sockets. Always resolves: what does not work is told by `explain`, and the folder serves in its place. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { table, owner, project, interfaces, clock, random, warn } = options
  // Imported here, so that a service that never registers does not load them, also when it is bundled.
  const [dgram, zlib, os, fs] = await Promise.all([
    import('node:dgram'),
    import('node:zlib'),
    import('node:os'),
    import('node:fs/promises'),
  ])
  const folderOwner = {}
  const folder = registryFolder({
    root: options.folder ?? folderRoot(os.tmpdir()),
    project: await folderName(project),
    host: os.hostname(),
    clock,
    random,
    fs,
  })
  // The first packets may come before there is anybody to read them.
  let onMessage: (received: Received) => void = () => undefined
  const link = await openLink({
    dgram,
    networkInterfaces: () => os.networkInterfaces(),
    choice: interfaces,
    clock,
    random,
    onMessage: (received) => onMessage(received),
  })
  const announced = responder({ link, clock, random })
  const found = browser({ link, table, zlib, clock, random, project, owner: {} })
  onMessage = (received) => {
    if ((received.message.flags & 0x8000) !== 0) found.receive(received)
    else if (!received.isOwnQuestion) announced.receive(received)
  }
  const host = hostName(os.hostname())
  const warned = new Set<string>()
  const followers = new Set<object>()
  const removals = new Set<Promise<void>>()
  let works: boolean | undefined
  let readAtMs = -Infinity
  let lastLookup: string | undefined
  let cancelPoll: Cancel | undefined
  let isClosed = false

  const unsubscribe = table.subscribe((change, entry) => {
    if (change.type !== 'delete' || entry.owner !== owner) return
    announced.leave(entry.service.name, entry.node.id)
    const removal: Promise<void> = folder.remove(entry.service.name, entry.node.id).finally(() => removals.delete(removal))
    removals.add(removal)
  })
  const settled = async () => (works ??= await link.works)
  const readFolder = async () => {
    readAtMs = clock.monotonicMs()
    syncFolder(await folder.read(), table, folderOwner, clock)
  }
  const readFolderIfOld = async () => {
    if (!(await settled()) || clock.monotonicMs() - readAtMs >= folderAgeMs) await readFolder()
  }
  // Not in the background: like a socket that is listened to, it keeps a process alive that watches.
  const poll = () => {
    const cancel = clock.after(pollMs, () => void readFolder().then(() => (cancelPoll === cancel ? poll() : undefined)))
    cancelPoll = cancel
  }
  const stopPolling = () => {
    cancelPoll?.()
    cancelPoll = undefined
  }
  const warnOnce = (service: string, bytes: number) => {
    if (bytes <= wholePacketBytes || warned.has(service)) return
    warned.add(service)
    warn(
      `"${service}" takes ${bytes} bytes to announce, which networks carry in pieces over ${wholePacketBytes}: ` +
        'describe fewer fields or put less into its metadata, or choose a registry with a server',
    )
  }
  const lookup = async (name: string) => {
    lastLookup = name
    await readFolderIfOld()
    return found.lookup(name)
  }
  const list = async () => {
    await readFolderIfOld()
    return found.list()
  }

  return {
    async register(service, ttlMs) {
      const one = (node: NodeRecord): ServiceRecord => ({ ...service, nodes: [inProject(node, project)] })
      const records = service.nodes.map(one)
      const nodes = await Promise.all(
        records.map((record) => ownNode(record, record.nodes[0] as NodeRecord, { zlib, host, resolve: resolveHost })),
      )
      if (isClosed) return
      const expiresAtMs = ttlMs === undefined ? undefined : clock.monotonicMs() + ttlMs
      for (const [index, node] of nodes.entries()) {
        const record = records[index] as ServiceRecord
        const before = table.get(node.service, node.nodeId)
        table.put(record, { owner, expiresAtMs })
        const isRenewal = before?.owner === owner && isEqual(before.service, record)
        if (isRenewal) announced.renew(node, expiresAtMs)
        else announced.announce(node, expiresAtMs)
      }
      if (await settled()) {
        for (const node of nodes) warnOnce(service.name, node.datagramBytes)
        return
      }
      // Somebody may have taken them out, or closed the registry, while that was found out.
      const isOurs = (record: ServiceRecord) => !isClosed && table.get(record.name, record.nodes[0]?.id ?? '')?.owner === owner
      await Promise.all(records.filter(isOurs).map((record) => folder.write(record, ttlMs)))
    },
    async settle() {
      await Promise.all(removals)
    },
    lookup,
    list,
    async follow(name) {
      const key = {}
      followers.add(key)
      const unfollow = found.follow(name)
      link.hold(true)
      await (name === undefined ? list() : lookup(name))
      if (!(await settled()) && cancelPoll === undefined && !isClosed) poll()
      return () => {
        unfollow()
        followers.delete(key)
        if (followers.size > 0) return
        link.hold(false)
        stopPolling()
      }
    },
    explain: () => explanation({ link, works, folder: folder.path, project, lastLookup, passedOver: found.passedOver(lastLookup ?? '') }),
    get address() {
      return works === false ? folder.path : `224.0.0.251:5353 (${link.interfaces().join(', ')})`
    },
    async close() {
      isClosed = true
      stopPolling()
      unsubscribe()
      announced.close()
      found.close()
      link.close()
      await Promise.all(removals)
      await folder.close()
    },
  }
}

/** The folder's nodes into the table, and out of it those that have gone. */
function syncFolder(nodes: Awaited<ReturnType<RegistryFolder['read']>>, table: NodeTable, owner: object, clock: Clock): void {
  const seen = new Set<string>()
  for (const { service, leftMs } of nodes) {
    const [node] = service.nodes
    const present = node === undefined ? undefined : table.get(service.name, node.id)
    // One that is known over the network, or our own, needs no file.
    if (node === undefined || (present !== undefined && present.owner !== owner)) continue
    seen.add(`${service.name}@${node.id}`)
    table.put(service, { owner, expiresAtMs: leftMs === undefined ? undefined : clock.monotonicMs() + leftMs })
  }
  for (const entry of table.entries()) {
    const key = `${entry.service.name}@${entry.node.id}`
    if (entry.owner === owner && !seen.has(key)) table.remove(entry.service.name, entry.node.id)
  }
}

function inProject(node: NodeRecord, project: string | undefined): NodeRecord {
  if (project === undefined || node.metadata['project'] !== undefined) return node
  return { ...node, metadata: { ...node.metadata, project } }
}

function isEqual(a: ServiceRecord, b: ServiceRecord): boolean {
  return encodeService(a) === encodeService(b)
}

async function resolveHost(name: string): Promise<string> {
  const { lookup } = await import('node:dns/promises')
  try {
    return (await lookup(name, { order: 'ipv4first' })).address
  } catch (cause) {
    throw registryErrors.unavailable(`announce the address "${name}"`, cause)
  }
}

function folderRoot(temporary: string): string {
  const runtime = process.env['XDG_RUNTIME_DIR']
  return runtime?.startsWith('/') === true ? `${runtime}/micro-registry` : `${temporary}/micro-registry-${process.getuid?.() ?? 'user'}`
}

/** The project id as a file name: itself where it can be one. */
async function folderName(project: string | undefined): Promise<string> {
  if (project === undefined) return 'no-project'
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(project)) return `project-${project}`
  const { createHash } = await import('node:crypto')
  return `hash-${createHash('sha256').update(project).digest('hex')}`
}
