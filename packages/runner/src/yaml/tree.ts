import type { Place } from '@microts/core/base'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { yamlMistakes } from './errors.js'
import type { Mistake, Report } from './mistake.js'

/** A YAML value with the place of each of its parts. */
export type Tree = Branch | List | Leaf

/** A mapping; its keys are unique words. */
export interface Branch {
  readonly is: 'map'
  readonly entries: readonly Entry[]
  readonly place: Place
}

/** A key and its value. */
export interface Entry {
  readonly key: string
  readonly keyPlace: Place
  readonly value: Tree
}

/** A sequence. */
export interface List {
  readonly is: 'list'
  readonly items: readonly Tree[]
  readonly place: Place
}

/** A single value. `text` is what the file says, without quotes. */
export interface Leaf {
  readonly is: 'leaf'
  readonly value: string | number | boolean | null
  readonly text: string
  readonly place: Place
}

// What a project of a thousand services would need; beyond it a file is a mistake or an attack. The parser takes about 13 µs for a value.
const maxBytes = 1024 * 1024
const maxAliases = 100
const maxValues = 20_000
const maxDepth = 50
// One missing quote makes mistakes of all that follows.
const maxSyntaxMistakes = 10

/**
 * Reads YAML 1.2 with the core schema into a tree that knows its places; nothing of it becomes an object whose keys JavaScript has a use for.
 *
 * At most 1 MiB, 100 aliases, 20 000 values and 50 levels; no merge keys, no tags of its own. `tree` is undefined when the file is empty or
 * is too broken to go on with; what is wrong stands in `mistakes`.
 */
export function readTree(text: string, file: string): { readonly tree: Tree | undefined; readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = []
  const bytes = Buffer.byteLength(text)
  if (bytes > maxBytes) return { tree: undefined, mistakes: [yamlMistakes.tooLarge(file, bytes, maxBytes)] }
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const excess = findExcess(text)
  if (excess !== undefined)
    return {
      tree: undefined,
      mistakes: [yamlMistakes.tooMuch({ file, line: excess.line, column: excess.column }, excess.what, excess.max)],
    }
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
  })
  if (text.includes('\0')) mistakes.push(yamlMistakes.nul(placeAt(text.indexOf('\0'))))
  for (const error of [...document.errors, ...document.warnings].slice(0, maxSyntaxMistakes))
    mistakes.push(yamlMistakes.syntax(placeAt(error.pos[0]), error.message))
  if (document.contents === null || document.errors.length > 0) return { tree: undefined, mistakes }
  const tree = grow(document, placeAt, (mistake) => mistakes.push(mistake))
  return { tree, mistakes }
}

/** The value under `key`, when `tree` is a mapping that has it. */
export function entryOf(tree: Tree | undefined, key: string): Entry | undefined {
  return tree?.is === 'map' ? tree.entries.find((entry) => entry.key === key) : undefined
}

/** Turns the parser's nodes into a {@link Tree}, following aliases within the limits. */
function grow(document: Document, placeAt: (offset: number) => Place, report: Report): Tree | undefined {
  let aliases = 0
  let nodes = 0
  let isOver = false
  const over = (place: Place, what: string, max: number) => {
    if (!isOver) report(yamlMistakes.tooMuch(place, what, max))
    isOver = true
    return undefined
  }
  const visit = (node: unknown, near: Place, depth: number): Tree | undefined => {
    if (isOver) return undefined
    const place = placeOf(node) ?? near
    if (++nodes > maxValues) return over(place, 'values', maxValues)
    if (depth > maxDepth) return over(place, 'levels', maxDepth)
    if (isAlias(node)) {
      if (++aliases > maxAliases) return over(place, 'aliases', maxAliases)
      return visit(node.resolve(document), place, depth + 1)
    }
    if (isMap(node)) {
      const keys = new Set<string>()
      return { is: 'map', place, entries: node.items.flatMap((pair) => visitPair(pair, keys, place, depth)) }
    }
    if (isSeq(node)) return { is: 'list', place, items: node.items.flatMap((item) => visit(item, place, depth + 1) ?? []) }
    return leafOf(node, place)
  }
  const visitPair = (pair: Pair, keys: Set<string>, near: Place, depth: number): Entry[] => {
    const keyPlace = placeOf(pair.key) ?? near
    const key = isScalar(pair.key) ? keyText(pair.key.value, pair.key.source) : undefined
    if (key === undefined) {
      report(yamlMistakes.badKey(keyPlace, isScalar(pair.key) ? 'nothing' : 'a list or a mapping'))
      return []
    }
    if (key === '<<') {
      report(yamlMistakes.mergeKey(keyPlace))
      return []
    }
    // The parser has told of a second key of the same name; the first counts.
    if (keys.has(key)) {
      report(yamlMistakes.duplicateKey(keyPlace, key))
      return []
    }
    keys.add(key)
    const value = visit(pair.value, keyPlace, depth + 1)
    return value === undefined ? [] : [{ key, keyPlace, value }]
  }
  const placeOf = (node: unknown): Place | undefined => {
    const offset = (node as Node | null)?.range?.[0]
    return offset === undefined ? undefined : placeAt(offset)
  }
  return visit(document.contents, placeAt(0), 0)
}

function leafOf(node: unknown, place: Place): Leaf {
  const { value, source } = isScalar(node) ? node : { value: null, source: '' }
  if (typeof value === 'string') return { is: 'leaf', value, text: value, place }
  if (typeof value === 'number' || typeof value === 'boolean') return { is: 'leaf', value, text: source ?? String(value), place }
  return { is: 'leaf', value: null, text: source ?? '', place }
}

function keyText(value: unknown, source: string | undefined): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? (source ?? String(value)) : undefined
}

/** What there is too much of, and where. */
interface Excess {
  readonly line: number
  readonly column: number
  readonly what: string
  readonly max: number
}

/**
 * Where brackets, or the dashes at the start of one line, are nested too deep, or lines and commas are too many: looked for before the parser
 * runs, since it calls itself for each level and would run out of stack, and is slow.
 * What stands in quotes and comments is counted too: 50 brackets open at once are no project file either.
 */
function findExcess(text: string): Excess | undefined {
  let open = 0
  let values = 0
  let line = 1
  let lineStart = 0
  let dashes = 0
  let isLeading = true
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === '\n') {
      line++
      lineStart = index + 1
      dashes = 0
      isLeading = true
    } else if (isLeading && (character === '-' || character === '?')) dashes++
    else if (character !== ' ' && character !== '\t') isLeading = false
    if (character === '\n' || character === ',') values++
    else if (character === '[' || character === '{') open++
    else if ((character === ']' || character === '}') && open > 0) open--
    const column = Math.max(1, index - lineStart + 1)
    if (open > maxDepth || dashes > maxDepth) return { line, column, what: 'levels', max: maxDepth }
    if (values > maxValues) return { line, column, what: 'values', max: maxValues }
  }
  return undefined
}
