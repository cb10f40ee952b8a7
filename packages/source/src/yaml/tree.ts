import type { Place } from '@microts/core/base'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { shown } from '../reference/errors.js'
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

/** How a text is read. */
export interface TreeOptions {
  /** The parser takes about 13 µs for a value. */
  readonly mostBytes: number
  /**
   * Who wrote it. What a stranger wrote is shown to others: control characters are mistakes, and so are keys that JavaScript gives a meaning; messages show
   * its texts without what a terminal would obey, and it may have 20 aliases instead of 100.
   */
  readonly author: 'user' | 'stranger'
}

const mostAliases = { user: 100, stranger: 20 }
const mostValues = 20_000
const deepest = 50
// One missing quote makes mistakes of all that follows.
const mostSyntaxMistakes = 10
const unsafeKeys = ['__proto__', 'constructor', 'prototype', '<<']
// C0 without tab and line end, C1, and what turns the direction of a line around.
// eslint-disable-next-line no-control-regex -- these are what is looked for
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/

/**
 * Reads YAML 1.2 with the core schema into a tree that knows its places: data only, nothing of it becomes an object whose keys JavaScript has a use for.
 *
 * At most 20 000 values and 50 levels; no merge keys, no tags of its own. `tree` is undefined when the file is empty or is too broken to go on
 * with; what is wrong stands in `mistakes`.
 */
export function readTree(
  text: string,
  file: string,
  options: TreeOptions,
): { readonly tree: Tree | undefined; readonly mistakes: readonly Mistake[] } {
  const { mostBytes, author } = options
  const mistakes: Mistake[] = []
  const bytes = Buffer.byteLength(text)
  if (bytes > mostBytes) return { tree: undefined, mistakes: [yamlMistakes.tooLarge(file, bytes, mostBytes)] }
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const excess = findExcess(text)
  if (excess !== undefined) {
    const { line, column, what, most } = excess
    return { tree: undefined, mistakes: [yamlMistakes.tooMuch({ file, line, column }, what, most)] }
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
  for (const error of [...document.errors, ...document.warnings].slice(0, mostSyntaxMistakes))
    mistakes.push(yamlMistakes.syntax(placeAt(error.pos[0]), author === 'stranger' ? shown(error.message) : error.message))
  if (document.contents === null || document.errors.length > 0) return { tree: undefined, mistakes }
  return { tree: grow(document, placeAt, author, (mistake) => mistakes.push(mistake)), mistakes }
}

/** The entry under `key`, when `tree` is a mapping that has it. */
export function entryOf(tree: Tree | undefined, key: string): Entry | undefined {
  return tree?.is === 'map' ? tree.entries.find((entry) => entry.key === key) : undefined
}

/** The value under `key`, when `tree` is a mapping that has it. */
export function valueOf(tree: Tree | undefined, key: string): Tree | undefined {
  return entryOf(tree, key)?.value
}

/** The text under `key`: of a string, or of a number as the file writes it. */
export function textOf(tree: Tree | undefined, key: string): string | undefined {
  const value = valueOf(tree, key)
  return value?.is === 'leaf' && value.value !== null ? value.text : undefined
}

/** Turns the parser's nodes into a {@link Tree}, following aliases within the limits. */
function grow(document: Document, placeAt: (offset: number) => Place, author: TreeOptions['author'], report: Report): Tree | undefined {
  let aliases = 0
  let values = 0
  let isOver = false
  const over = (place: Place, what: string, most: number) => {
    if (!isOver) report(yamlMistakes.tooMuch(place, what, most))
    isOver = true
    return undefined
  }
  const visit = (node: unknown, near: Place, depth: number): Tree | undefined => {
    if (isOver) return undefined
    const place = placeOf(node) ?? near
    if (++values > mostValues) return over(place, 'values', mostValues)
    if (depth > deepest) return over(place, 'levels', deepest)
    if (isAlias(node)) {
      if (++aliases > mostAliases[author]) return over(place, 'aliases', mostAliases[author])
      return visit(node.resolve(document), place, depth + 1)
    }
    if (isMap(node)) {
      const keys = new Set<string>()
      return { is: 'map', place, entries: node.items.flatMap((pair) => visitPair(pair, keys, place, depth)) }
    }
    if (isSeq(node)) return { is: 'list', place, items: node.items.flatMap((item) => visit(item, place, depth + 1) ?? []) }
    const leaf = leafOf(node, place)
    if (author === 'stranger' && control.test(leaf.text)) report(yamlMistakes.control(place))
    return leaf
  }
  const visitPair = (pair: Pair, keys: Set<string>, near: Place, depth: number): Entry[] => {
    const keyPlace = placeOf(pair.key) ?? near
    const key = isScalar(pair.key) ? keyText(pair.key.value, pair.key.source) : undefined
    if (key === undefined) {
      report(yamlMistakes.badKey(keyPlace, isScalar(pair.key) ? 'nothing' : 'a list or a mapping'))
      return []
    }
    const wrong = wrongKey(key, keys, author, keyPlace)
    if (wrong !== undefined) {
      report(wrong)
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

function wrongKey(key: string, others: ReadonlySet<string>, author: TreeOptions['author'], place: Place): Mistake | undefined {
  const isOfStranger = author === 'stranger'
  if (isOfStranger && unsafeKeys.includes(key)) return yamlMistakes.unsafeKey(place, key)
  if (isOfStranger && control.test(key)) return yamlMistakes.control(place)
  if (key === '<<') return yamlMistakes.mergeKey(place)
  // The first counts.
  return others.has(key) ? yamlMistakes.duplicateKey(place, isOfStranger ? shown(key) : key) : undefined
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
  readonly most: number
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
    if (open > deepest || dashes > deepest) return { line, column, what: 'levels', most: deepest }
    if (values > mostValues) return { line, column, what: 'values', most: mostValues }
  }
  return undefined
}
