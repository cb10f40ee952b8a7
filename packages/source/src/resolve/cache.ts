import { createHash } from 'node:crypto'
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { remotesOf } from '../git/remote.js'
import type { Lock } from '../lock/lock.js'
import { parseLock, referenceOf } from '../lock/parse.js'
import { removeLeftovers, removeReadOnly } from '../machine/leftovers.js'
import { projectName } from '../machine/project-name.js'
import { readText } from '../machine/replace-file.js'
import { takeTurn } from '../machine/turn.js'
import { parseReference } from '../reference/parse.js'
import { readUserConfig } from '../trust/user-config.js'
import { type Context, type SourceOptions, contextOf } from './options.js'

/** A part of what is kept on this machine. */
export interface KeptPart {
  readonly bytes: number
  readonly entries: number
  /** Of `entries`, how many no project's lock names. */
  readonly unused: number
  readonly unusedBytes: number
}

/** What is kept on this machine for all projects. */
export interface Kept {
  /** Contents of plugins. */
  readonly store: KeptPart
  /** Bare repositories. */
  readonly repositories: KeptPart
  /** What indexes said, receipts and turns: small, and needed. */
  readonly rest: KeptPart
  /** The projects whose locks count, sorted; those that are gone are forgotten. */
  readonly projects: readonly string[]
  /** Locks that cannot be read; nothing is freed while there is one. */
  readonly unreadable: readonly string[]
}

/** Says how much is kept, and how much of it no lock of a project names. Changes nothing. */
export async function measureCache(options: SourceOptions): Promise<Kept> {
  return (await lookAtCache(contextOf(options))).kept
}

/**
 * Frees what no project's lock names: contents of the store, and repositories, which are fetched again when they are needed. What is younger than an hour stays: another micro may
 * be about to lock it. Gives what was there before, with how much of it is gone now.
 */
export async function freeCache(options: SourceOptions): Promise<Kept> {
  const context = contextOf(options)
  const { kept, unused } = await lookAtCache(context)
  if (kept.unreadable.length > 0) return { ...kept, store: nothingOf(kept.store), repositories: nothingOf(kept.repositories) }
  for (const folder of unused.store) await removeReadOnly(folder)
  for (const folder of unused.repositories) {
    const leave = await takeTurn(folder.replace(/(-sha256)?\.git$/, '.turns'), context.git)
    try {
      await rm(folder, { recursive: true, force: true })
    } finally {
      await leave()
    }
  }
  await removeLeftovers(context.folders.store, '.new-').catch(nothingThere)
  await removeLeftovers(join(context.folders.cache, 'git', 'history')).catch(nothingThere)
  return kept
}

const nothingOf = (part: KeptPart): KeptPart => ({ ...part, unused: 0, unusedBytes: 0 })

const youngMs = 60 * 60_000

async function lookAtCache(context: Context) {
  const { folders, project } = context
  const { projects, locks, unreadable } = await knownLocks(context, project)
  const { mirrors, indexes } = await readUserConfig(folders.configFile)
  const plugins = locks.flatMap((lock) => [...lock.plugins])
  const named = new Set(plugins.flatMap(([, { commits }]) => [...commits.values()].map(({ h1 }) => h1)))
  const references = [...plugins.map(([key, { url }]) => referenceOf(key, url)), ...indexes.map((index) => parseReference(index))]
  const remotes = references.flatMap((reference) => (reference.from === 'git' ? remotesOf(reference, mirrors, true) : []))
  const used = new Set(remotes.map(({ url }) => createHash('sha256').update(url).digest('hex')))

  const store = await look(
    folders.store,
    (name) => /^[0-9a-f]{64}$/.test(name),
    (name) => named.has(name),
    context,
  )
  const git = join(folders.cache, 'git')
  const isRepository = (name: string) => /^[0-9a-f]{64}(-sha256)?\.git$/.test(name)
  const repositories = await look(git, isRepository, (name) => used.has(name.slice(0, 64)), context)
  const rest = await sizeOf(folders.cache)
  const kept: Kept = {
    store: store.part,
    repositories: repositories.part,
    rest: { bytes: Math.max(0, rest - repositories.part.bytes), entries: 0, unused: 0, unusedBytes: 0 },
    projects,
    unreadable,
  }
  return { kept, unused: { store: store.unused, repositories: repositories.unused } }
}

async function look(folder: string, isEntry: (name: string) => boolean, isUsed: (name: string) => boolean, { clock }: Context) {
  const names = (await readdir(folder).catch(() => [])).filter(isEntry)
  const part = { bytes: 0, entries: names.length, unused: 0, unusedBytes: 0 }
  const unused: string[] = []
  for (const name of names) {
    const path = join(folder, name)
    const bytes = await sizeOf(path)
    part.bytes += bytes
    const { ctimeMs } = await lstat(path)
    if (isUsed(name) || clock.now() - ctimeMs < youngMs) continue
    part.unused++
    part.unusedBytes += bytes
    unused.push(path)
  }
  return { part: part as KeptPart, unused }
}

/** The locks of all projects that were ever linked to the store, and of this one. */
async function knownLocks({ folders }: Context, own: string) {
  const folder = join(folders.data, 'projects')
  const projects = new Set<string>([own])
  const locks: Lock[] = []
  const unreadable: string[] = []
  for (const name of await readdir(folder).catch(() => [])) {
    const project = (await readText(join(folder, name)))?.trimEnd()
    if (project !== undefined && projectName(project) === name) projects.add(project)
  }
  for (const project of projects) {
    const file = join(project, 'micro.lock')
    const text = await readText(file)
    if (text === undefined) {
      projects.delete(project)
      await rm(join(folder, projectName(project)), { force: true })
      continue
    }
    try {
      locks.push(parseLock(text, file))
    } catch {
      unreadable.push(file) // what it names is not known, so that nothing may go; the caller is told
    }
  }
  return { projects: [...projects].sort(), locks, unreadable }
}

/** Bytes of all files below; 0 when there is nothing. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isDirectory() !== true) return found?.size ?? 0
  const sizes = await Promise.all((await readdir(path).catch(() => [])).map((name) => sizeOf(join(path, name))))
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}

const nothingThere = () => undefined
