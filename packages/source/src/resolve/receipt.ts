import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { projectName } from '../machine/project-name.js'
import { replaceFile } from '../machine/replace-file.js'
import type { Catalog } from '../manifest/manifest.js'
import { stampOf } from '../store/stamp.js'
import { folderOf } from '../store/store.js'
import type { Context } from './options.js'

/** What was found to be true of a project's plugins, so that a start in which nothing changed need not find it again. */
interface Receipt {
  readonly format: 1
  /** The hash of the texts of the lock and of the user's file that it is true for. */
  readonly inputs: string
  readonly plugins: readonly ReceivedPlugin[]
}

/** A plugin that was whole, trusted by the user's file, and linked. */
export interface ReceivedPlugin {
  readonly key: string
  readonly revision: string
  readonly commit: string
  readonly ref?: string
  readonly h1: string
  readonly stamp: string
  /** Below the project's `plugins/`, and what it said. */
  readonly link: string
  readonly target: string
  readonly catalog: Catalog
}

/**
 * The plugins of the receipt that are still as they were, by `<key> <revision>`; none when the lock or the user's file has changed. Reads two
 * texts and looks at the plugins' files without opening them; starts nothing.
 */
export function readReceipt(context: Context): ReadonlyMap<string, ReceivedPlugin> {
  const receipt = parse(fileOf(context))
  if (receipt?.format !== 1 || receipt.inputs !== inputsOf(context)) return new Map()
  const whole = receipt.plugins.filter(({ h1, stamp, link, target }) => {
    return stampOf(folderOf(context.folders.store, h1)) === stamp && linkAt(join(context.linkFolder, link)) === target
  })
  return new Map(whole.map((plugin) => [`${plugin.key} ${plugin.revision}`, plugin]))
}

/** Writes the receipt, keeping what an earlier one says of other plugins if the inputs are the same. */
export async function writeReceipt(context: Context, plugins: readonly Omit<ReceivedPlugin, 'stamp' | 'target'>[]): Promise<void> {
  const inputs = inputsOf(context)
  const fresh = plugins.flatMap((plugin): ReceivedPlugin[] => {
    const stamp = stampOf(folderOf(context.folders.store, plugin.h1))
    const target = linkAt(join(context.linkFolder, plugin.link))
    return stamp === undefined || target === undefined ? [] : [{ ...plugin, stamp, target }]
  })
  const isFresh = (old: ReceivedPlugin) => fresh.some(({ key, revision }) => key === old.key && revision === old.revision)
  const before = parse(fileOf(context))
  const kept = before?.format === 1 && before.inputs === inputs ? before.plugins.filter((old) => !isFresh(old)) : []
  const receipt: Receipt = { format: 1, inputs, plugins: [...kept, ...fresh] }
  await replaceFile(fileOf(context), JSON.stringify(receipt))
}

/** Not in the project: what a cloned repository brings along must not vouch for itself. */
function fileOf({ folders, project }: Context): string {
  return join(folders.cache, 'receipts', `${projectName(project)}.json`)
}

function inputsOf({ lockFile, folders }: Context): string {
  const hash = createHash('sha256')
  for (const file of [lockFile, folders.configFile]) {
    const text = textOf(file)
    hash.update(`${text?.length ?? -1}\0`).update(text ?? '')
  }
  return hash.digest('hex')
}

function textOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined // there is none, or whoever needs it says what is wrong
  }
}

function parse(file: string): Receipt | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Receipt
  } catch {
    return undefined // none, or a broken one, which says nothing
  }
}

/** What a link says; of a vendored plugin what its files look like from outside. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    const stamp = stampOf(path)
    return stamp === undefined ? undefined : `files ${stamp}`
  }
}
