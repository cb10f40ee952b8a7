import { join } from 'node:path'
import { parseDocument } from 'yaml'
import type { Folders } from '../machine/folders.js'
import { readText, replaceFile } from '../machine/replace-file.js'
import { takeTurn } from '../machine/turn.js'
import type { Mirrors } from '../git/remote.js'
import { parseHost } from '../reference/host.js'
import type { Mistake } from '../yaml/mistake.js'
import { type Tree, readTree } from '../yaml/tree.js'
import { configMistakes, trustErrors } from './errors.js'
import { parseTrust } from './trust.js'

/** The user's own file, which no project can write. */
export interface UserConfig {
  /** Canonical: see `parseTrust`. */
  readonly trust: readonly string[]
  readonly mirrors: Mirrors
  /** References of repositories whose manifests say what there is. */
  readonly indexes: readonly string[]
}

const mostBytes = 256 * 1024
const address = /^(https|http|ssh|file):\/\/[!-~]*\{path\}[!-~]*$/

/**
 * Reads the user's file; one that is missing says nothing.
 *
 * @throws MicroError `USER_CONFIG_INVALID`, `TRUST_SYNTAX`
 */
export async function readUserConfig(file: string): Promise<UserConfig> {
  return parseUserConfig((await readText(file)) ?? '', file)
}

/** Reads the text of the user's file. Other parts of micro may keep keys of their own in it. */
export function parseUserConfig(text: string, file: string): UserConfig {
  const { tree, mistakes: found } = readTree(text, file, { mostBytes, author: 'stranger' })
  const mistakes: Mistake[] = [...found]
  const wrong = (path: string, wanted: string) => mistakes.push(configMistakes.wrong(file, path, wanted))
  const config = { trust: [] as string[], mirrors: new Map<string, string>(), indexes: [] as string[] }
  if (tree !== undefined && tree.is !== 'map') wrong('the file', 'a mapping')
  for (const { key, value } of tree?.is === 'map' ? tree.entries : []) {
    if (isEmpty(value)) continue
    if (key === 'trust') config.trust = textsOf(value, key, wrong).map(parseTrust)
    else if (key === 'indexes') config.indexes = textsOf(value, key, wrong)
    else if (key === 'mirrors') readMirrors(value, config.mirrors, wrong)
    else mistakes.push(configMistakes.unknownKey(file, key))
  }
  if (mistakes.length > 0) throw trustErrors.configInvalid(file, mistakes)
  return config
}

/**
 * Adds to what the user trusts (`foldersOf(process.env)` says where that stands), and leaves the rest of the file as it is, comments included. What is trusted already is not added again.
 *
 * @throws MicroError `TRUST_SYNTAX`, `USER_CONFIG_INVALID`
 */
export async function addTrust(
  { configFile: file, cache }: Pick<Folders, 'configFile' | 'cache'>,
  sources: readonly string[],
): Promise<void> {
  const wanted = sources.map(parseTrust)
  const leave = await takeTurn(join(cache, 'config.turns'))
  try {
    const text = (await readText(file)) ?? ''
    const { trust } = parseUserConfig(text, file)
    const added = [...new Set(wanted)].filter((source) => !trust.includes(source))
    if (added.length === 0) return
    const document = parseDocument(text)
    document.setIn(['trust'], document.createNode([...trust, ...added]))
    await replaceFile(file, document.toString())
  } finally {
    await leave()
  }
}

type Wrong = (path: string, wanted: string) => void

const isEmpty = (tree: Tree) => tree.is === 'leaf' && tree.value === null

function textsOf(tree: Tree, path: string, wrong: Wrong): string[] {
  const items = tree.is === 'list' ? tree.items : []
  const texts = items.flatMap((item) => (item.is === 'leaf' && typeof item.value === 'string' ? [item.value] : []))
  if (tree.is !== 'list' || texts.length !== items.length) wrong(path, 'a list of texts')
  return texts
}

function readMirrors(tree: Tree, mirrors: Map<string, string>, wrong: Wrong): void {
  if (tree.is !== 'map') return wrong('mirrors', 'a mapping from a host to an address with {path}')
  for (const { key, value } of tree.entries) {
    if (value.is !== 'leaf' || !address.test(value.text))
      wrong(`mirrors.${key}`, 'an address with {path}, such as "https://git.corp.example/github/{path}.git"')
    else {
      const { host, port } = parseHost(key, key, 443)
      mirrors.set(port === undefined ? host : `${host}:${port}`, value.text)
    }
  }
}
