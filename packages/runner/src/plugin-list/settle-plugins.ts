import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { apiFits, pluginApi, pluginErrors } from '@microts/core/plugin'
import { importsPlugins } from '../build/bundle.js'
import type { FetchOptions } from '../plugins/fetch-options.js'
import { findPlugins } from '../plugins/find-plugins.js'
import type { FoundPlugin, FoundPlugins } from '../plugins/found-plugin.js'
import type { Environment } from '../project/find.js'
import type { InterfaceKind } from '../project/project.js'
import type { SaidChoices } from '../run/said.js'
import type { Catalog } from '../types/manifest.js'
import { difference } from './difference.js'
import { pluginListErrors } from './errors.js'
import { listEntries } from './list-entries.js'
import { type ListFile, readListFile, saysTheSame } from './list-file.js'
import { type ListEntry, listText } from './list-text.js'
import { readPluginWords } from './plugin-words.js'

/** What {@link settlePlugins} takes. */
export interface SettlePluginsOptions {
  /** The folder of the project: its `plugins/` is where plugins from git are shown. */
  readonly project: string
  /** Our services, and the absolute folders with their `main.ts`. */
  readonly services: readonly { readonly name: string; readonly folder: string }[]
  /** What `--plugins` says, in one word or several. Undefined: each list stays what it is, and is only brought up to date. */
  readonly words?: readonly string[] | undefined
  /** Where a path in `words` begins. @default `project` */
  readonly from?: string
  /** Writes over a list that somebody edited. @default false */
  readonly force?: boolean | undefined
  readonly catalog: Catalog
  /** Where the packages of Micro's own plugins are looked for besides the services' folders and the project's. */
  readonly packageFolders: readonly string[]
  /** For services that are only being made: the version in which Micro's own plugins will be installed. They are taken from the catalog then. */
  readonly ownVersion?: string
  readonly env: Environment
  readonly fetching?: FetchOptions | undefined
}

/** What became of the lists. */
export interface SettledPlugins {
  /** What `words` says, in the canonical spelling; undefined without them. */
  readonly references: readonly string[] | undefined
  /** Lists that were written. */
  readonly written: readonly WrittenList[]
  /** For each interface of which `words` has exactly one implementation, that one. */
  readonly said: SaidChoices
}

/** A `plugins.ts` that was written. */
export interface WrittenList {
  readonly service: string
  /** Absolute. */
  readonly file: string
  readonly references: readonly string[]
}

/**
 * Gives services the list of plugins that `--plugins` says; without it, sees to it that each list says of its plugins what is so now, and that there is one.
 *
 * A file is written only when it would say something else than it does, whole and at once; all are written, or none. What a person edited is kept: with
 * `words` that is an error, which shows the difference, and `force` writes it all the same.
 *
 * @throws MicroError `failed_precondition`: PLUGINS_EDITED, PLUGINS_NOT_IMPORTED, PLUGIN_KIND_MISMATCH, PLUGIN_API_MISMATCH, PLUGIN_ENTRY_MISSING,
 * PLUGINS_UNWRITABLE; `invalid_argument`: PLUGIN_WORDS_INVALID, PLUGIN_BUILT_IN; those of {@link findPlugins}
 */
export async function settlePlugins(options: SettlePluginsOptions): Promise<SettledPlugins> {
  const { project, services, words, from = project, force = false, catalog } = options
  const references = words === undefined ? undefined : await readPluginWords(words, { folder: from, project, catalog })
  const lists = services.map((service) => ({ ...service, list: readListFile(service.folder) }))
  const wanted = lists.map((one) => ({ ...one, references: references ?? kept(one.list, force) }))
  const found = await find(
    wanted.flatMap((one) => one.references ?? []),
    options,
  )
  const planned = []
  for (const one of wanted) {
    if (one.references === undefined) continue
    const plugins = one.references.flatMap((reference) => found.get(reference) ?? [])
    if (plugins.length > 0) await checkMain(one.name, one.folder, one.references)
    const entries = plugins.flatMap((plugin) => listEntries(plugin, one.folder))
    if (references !== undefined) checkApi(entries)
    planned.push({ ...one, references: one.references, entries, text: listText(one.references, entries) })
  }
  const due = planned.filter((one) => isDue(one, force))
  for (const { list, text } of due) replace(list.file, text)
  return {
    references,
    written: due.map(({ name, list, references: listed }) => ({ service: name, file: list.file, references: listed })),
    said: references === undefined ? new Map() : onlyOnes(planned[0]?.entries ?? []),
  }
}

/** What a list is to be written from when nothing is said; undefined for one that is nobody's but its author's. */
function kept({ state, references }: ListFile, force: boolean): readonly string[] | undefined {
  switch (state) {
    case 'missing':
      return []
    case 'generated':
      return references
    case 'edited':
      return force ? references : undefined
    case 'foreign':
      return undefined
  }
}

/** @throws PLUGINS_EDITED for a list that somebody edited, and that would have to say something else */
function isDue(
  { list, references, text }: { readonly list: ListFile; readonly references: readonly string[]; readonly text: string },
  force: boolean,
) {
  if (list.state === 'missing') return true
  // An empty list without our first lines is as good as one with them.
  const isSame = list.listed.length === 0 && references.length === 0 && !list.text.includes('// sha256:')
  if (saysTheSame(list.text, text) || (isSame && list.state === 'generated')) return false
  if (list.state === 'generated' || force) return true
  const why = list.state === 'edited' ? 'it was edited since micro wrote it' : 'micro did not write it'
  throw pluginListErrors.edited(list.file, why, difference(list.text, text))
}

async function checkMain(service: string, folder: string, references: readonly string[]): Promise<void> {
  const main = join(folder, 'main.ts')
  if (!(await importsPlugins(main))) throw pluginListErrors.notImported(service, main, references)
}

function checkApi(entries: readonly ListEntry[]): void {
  for (const { manifest } of entries)
    if (!apiFits(manifest.api, pluginApi)) throw pluginErrors.apiMismatch(manifest, manifest.api, pluginApi)
}

/** The implementations that are alone in their interface. */
function onlyOnes(entries: readonly ListEntry[]): SaidChoices {
  const of = (kind: string) => entries.filter(({ manifest }) => manifest.kind === kind)
  const said = entries.flatMap(({ manifest: { kind, name, reference } }) =>
    of(kind).length === 1 ? [[kind as InterfaceKind, { name, reference, why: '--plugins' }] as const] : [],
  )
  return new Map(said)
}

async function find(references: readonly string[], options: SettlePluginsOptions): Promise<FoundPlugins> {
  const { project, services, catalog, packageFolders, ownVersion, env, fetching } = options
  const toCome = new Map(references.flatMap((reference) => comingOwn(reference, catalog, ownVersion)))
  const wanted = references.filter((reference) => !toCome.has(reference)).map((reference) => ({ reference }))
  if (wanted.length === 0) return toCome
  const folders = [...services.map(({ folder }) => folder), project, ...packageFolders]
  const found = await findPlugins(wanted, {
    folder: project,
    catalog,
    packageFolders: folders,
    env,
    ...(fetching !== undefined && { fetching }),
  })
  return new Map([...toCome, ...found])
}

function comingOwn(reference: string, catalog: Catalog, version: string | undefined): (readonly [string, FoundPlugin])[] {
  if (version === undefined) return []
  const implementations = catalog.implementations.filter(({ kind, word }) => `${kind}/${word}` === reference)
  if (implementations.length === 0) return []
  return [[reference, { reference, from: 'own', key: reference, revision: version, catalog: { types: [], implementations } }]]
}

/** Whoever reads it meanwhile has the old text or the new one. */
function replace(file: string, text: string): void {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}`)
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(temporary, text)
    renameSync(temporary, file)
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary)
    throw pluginListErrors.unwritable(file, error as NodeJS.ErrnoException)
  }
}
