import { MicroError } from '@microts/core/base'
import { canonicalKey } from '../reference/format.js'
import { parseReference } from '../reference/parse.js'
import type { Mistake, Report } from '../yaml/mistake.js'
import { type Branch, type Tree, readTree, textOf, valueOf } from '../yaml/tree.js'
import { declarationMistakes } from './errors.js'
import type { Declaration, ManifestText } from './manifest.js'

const mostBytes = 64 * 1024
const mostEntries = 100
const known = ['uri', 'name', 'description', 'api', 'service', 'implementation', 'capabilities']
const texts = ['uri', 'name', 'description', 'api']
const word = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?$/

/** Reads one manifest. Data only: nothing in it is run, and what it names is not looked for. All mistakes are found at once. */
export function readManifest({ file, text }: ManifestText): {
  readonly declarations: readonly Declaration[]
  readonly mistakes: readonly Mistake[]
} {
  const { tree, mistakes: found } = readTree(text, file, { mostBytes, author: 'stranger' })
  const mistakes: Mistake[] = [...found]
  const report: Report = (mistake) => mistakes.push(mistake)
  const plugins = valueOf(tree, 'plugins')
  const place = tree?.place ?? { file }
  if (mistakes.length > 0) return { declarations: [], mistakes }
  if (plugins === undefined) report(declarationMistakes.missingKey(place, file, 'plugins'))
  else if (plugins.is !== 'list') report(declarationMistakes.wrongType(plugins.place, 'plugins', 'a list of plugins'))
  else if (plugins.items.length > mostEntries) report(declarationMistakes.tooMany(plugins.place, 'plugins in one manifest', mostEntries))
  else {
    const declarations = plugins.items.flatMap((item, index) => readEntry(item, `plugins[${index}]`, file, report) ?? [])
    return { declarations: mistakes.length === 0 ? declarations : [], mistakes }
  }
  return { declarations: [], mistakes }
}

/** What a `uri` names, as a key; undefined with a reason when it names nothing. A word alone is one of core's. */
export function keyOfUri(uri: string): { readonly key: string } | { readonly why: string } {
  if (word.test(uri) && !/\..*\//.test(uri)) return { key: uri }
  try {
    const reference = parseReference(uri)
    if (reference.from !== 'git') return { why: 'it names no repository' }
    return reference.revision === undefined ? { key: canonicalKey(reference) } : { why: 'a uri has no revision' }
  } catch (error) {
    return { why: MicroError.is(error) ? error.message : String(error) }
  }
}

function readEntry(tree: Tree, path: string, file: string, report: Report): Declaration | undefined {
  if (tree.is !== 'map') {
    report(declarationMistakes.wrongType(tree.place, path, 'a mapping with "uri", "name" and "description"'))
    return undefined
  }
  checkKeys(tree, path, report)
  const [uri, name, description, api] = texts.map((key) => textOf(tree, key))
  const capabilities = capabilitiesOf(tree, path, report)
  if (uri === undefined || name === undefined || description === undefined) {
    for (const key of texts.slice(0, 3)) if (valueOf(tree, key) === undefined) report(declarationMistakes.missingKey(tree.place, path, key))
    return undefined
  }
  const found = keyOfUri(uri)
  if ('why' in found) {
    report(declarationMistakes.badUri(valueOf(tree, 'uri')?.place ?? tree.place, uri, found.why))
    return undefined
  }
  const [service, implementation] = [branchOf(tree, 'service', path, report), branchOf(tree, 'implementation', path, report)]
  return {
    uri,
    key: found.key,
    name,
    description,
    ...(api !== undefined && { api }),
    capabilities,
    ...(service !== undefined && { service }),
    ...(implementation !== undefined && { implementation }),
    file,
    place: tree.place,
  }
}

function checkKeys(tree: Branch, path: string, report: Report): void {
  for (const { key, keyPlace, value } of tree.entries) {
    if (!known.includes(key)) report(declarationMistakes.unknownKey(keyPlace, path, key, known))
    if (!texts.includes(key)) continue
    if (value.is !== 'leaf' || value.value === null) report(declarationMistakes.wrongType(value.place, `${path}.${key}`, 'a text'))
  }
}

function capabilitiesOf(tree: Branch, path: string, report: Report): readonly string[] {
  const value = valueOf(tree, 'capabilities')
  if (value === undefined) return []
  const words = value.is === 'list' ? value.items.map((item) => (item.is === 'leaf' ? item.text : '')) : ['']
  if (words.every((text) => /^[a-z][a-z0-9:._-]{0,63}$/.test(text))) return words
  report(declarationMistakes.wrongType(value.place, `${path}.capabilities`, 'a list of words such as [net]'))
  return []
}

function branchOf(tree: Branch, key: string, path: string, report: Report): Branch | undefined {
  const value = valueOf(tree, key)
  if (value === undefined || value.is === 'map') return value
  report(declarationMistakes.wrongType(value.place, `${path}.${key}`, 'a mapping'))
  return undefined
}
