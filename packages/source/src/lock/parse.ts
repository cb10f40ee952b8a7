import { canonicalKey, keyOf } from '../reference/format.js'
import { parseReference } from '../reference/parse.js'
import type { GitReference } from '../reference/reference.js'
import { parseRevision } from '../reference/revision.js'
import type { Mistake } from '../yaml/mistake.js'
import { type Tree, readTree, textOf, valueOf } from '../yaml/tree.js'
import { lockErrors, lockMistakes } from './errors.js'
import { type Lock, type LockedCommit, type LockedPlugin, emptyLock } from './lock.js'

const mostBytes = 1024 * 1024
const commit = /^([0-9a-f]{40}|[0-9a-f]{64})$/
const sha256 = /^[0-9a-f]{64}$/

/**
 * Reads the text of a lock. What is not exactly as micro writes it is refused, since the lock decides which code runs.
 *
 * @throws MicroError `LOCK_INVALID`, `LOCK_CONFLICT`, or `LOCK_INCOMPLETE` when a commit or its hash is missing
 */
export function parseLock(text: string, file: string): Lock {
  return readLockText(text, file, true)
}

/** As {@link parseLock}, for one side of a merge: a commit of it may stand on the other side. */
export function parseLockSide(text: string, file: string): Lock {
  return readLockText(text, file, false)
}

function readLockText(text: string, file: string, isWhole: boolean): Lock {
  const conflict = text.split('\n').findIndex((line) => /^(<{7}|={7}|>{7})( |$)/.test(line))
  if (conflict !== -1) throw lockErrors.conflict(file, conflict + 1)
  const { tree, mistakes: found } = readTree(text, file, { mostBytes, author: 'stranger' })
  if (found.length > 0) throw lockErrors.invalid(file, found)
  if (tree === undefined) return emptyLock
  const mistakes: Mistake[] = []
  const wrong = (path: string, wanted: string) => mistakes.push(lockMistakes.wrong(file, path, wanted))
  const version = textOf(tree, 'version')
  if (version !== '1') mistakes.push(lockMistakes.version(file, version))
  const plugins = new Map<string, LockedPlugin>()
  for (const [key, value] of entriesOf(valueOf(tree, 'plugins'), 'plugins', wrong)) {
    const plugin = readPlugin(key, value, file, wrong)
    if (plugin !== undefined) plugins.set(key, plugin)
  }
  if (mistakes.length > 0) throw lockErrors.invalid(file, mistakes)
  if (isWhole) checkWhole({ plugins }, file)
  return { plugins }
}

/**
 * Each revision has its commit.
 *
 * @throws MicroError `LOCK_INCOMPLETE`
 */
export function checkWhole({ plugins }: Lock, file: string): void {
  for (const [key, { requested, commits }] of plugins)
    for (const [revision, id] of requested) if (!commits.has(id)) throw lockErrors.incomplete(file, key, `the commit of "${revision}"`)
}

/** The repository and folder of an entry. Only for keys and URLs of a lock that has been parsed. */
export function referenceOf(key: string, url: string): GitReference {
  const repository = parseReference(url) as GitReference
  const folder = key.split('//')[1]
  return { ...repository, ...(folder !== undefined && { folder }) }
}

type Wrong = (path: string, wanted: string) => void

function readPlugin(key: string, tree: Tree, file: string, wrong: Wrong): LockedPlugin | undefined {
  const url = textOf(tree, 'url')
  if (!isOwnUrl(key, url)) {
    wrong(`${key}.url`, 'the address of that repository')
    return undefined
  }
  const requested = new Map<string, string>()
  for (const [revision, value] of entriesOf(valueOf(tree, 'requested'), `${key}.requested`, wrong)) {
    const id = value.is === 'leaf' ? value.text : ''
    if (!isRevision(revision) || !commit.test(id)) wrong(`${key}.requested.${revision}`, 'a revision with its commit')
    requested.set(revision, id)
  }
  const commits = new Map<string, LockedCommit>()
  for (const [id, value] of entriesOf(valueOf(tree, 'commits'), `${key}.commits`, wrong)) {
    if (!commit.test(id)) wrong(`${key}.commits.${id}`, 'a commit of 40 or 64 digits')
    commits.set(id, readCommit(`${key} ${id}`, value, file, wrong))
  }
  return { url, requested, commits }
}

function readCommit(path: string, tree: Tree, file: string, wrong: Wrong): LockedCommit {
  const [ref, tagObject, h1, api] = ['ref', 'tagObject', 'h1', 'api'].map((name) => textOf(tree, name))
  if (h1 === undefined) throw lockErrors.incomplete(file, path, 'the hash (h1)')
  if (!sha256.test(h1)) wrong(`${path}.h1`, '64 hexadecimal digits')
  if (ref !== undefined && !/^(HEAD|refs\/(heads|tags)\/[!-~]+)$/.test(ref)) wrong(`${path}.ref`, 'a ref')
  if (tagObject !== undefined && !commit.test(tagObject)) wrong(`${path}.tagObject`, 'the id of an object')
  const [files, bytes] = ['files', 'bytes'].map((name) => Number(textOf(tree, name)))
  if (!Number.isSafeInteger(files) || !Number.isSafeInteger(bytes)) wrong(`${path}.files`, 'a number, as "bytes"')
  return {
    ...(ref !== undefined && { ref }),
    ...(tagObject !== undefined && { tagObject }),
    h1,
    files: files as number,
    bytes: bytes as number,
    ...(api !== undefined && { api }),
    types: textsOf(valueOf(tree, 'types')),
    implementations: textsOf(valueOf(tree, 'implementations')),
  }
}

function textsOf(tree: Tree | undefined): string[] {
  return tree?.is === 'list' ? tree.items.flatMap((item) => (item.is === 'leaf' ? [item.text] : [])) : []
}

function entriesOf(tree: Tree | undefined, path: string, wrong: Wrong): (readonly [string, Tree])[] {
  if (tree?.is === 'map') return tree.entries.map(({ key, value }) => [key, value] as const)
  wrong(path, 'a mapping')
  return []
}

/** A lock that sends a name to another place is a lock that somebody tampered with. */
function isOwnUrl(key: string, url: string | undefined): url is string {
  if (url === undefined) return false
  try {
    const reference = parseReference(url)
    const [repository, folder] = key.split('//')
    if (reference.from !== 'git' || reference.revision !== undefined || keyOf(reference) !== repository) return false
    return canonicalKey({ ...reference, ...(folder !== undefined && { folder }) }) === canonicalKey(parseReference(key))
  } catch {
    return false // whatever is wrong with it: it is not the repository's address
  }
}

function isRevision(text: string): boolean {
  try {
    return text === '' || parseRevision(text, text).text === text
  } catch {
    return false // no revision is written like this
  }
}
