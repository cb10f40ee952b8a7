import type { Place } from '@microts/core/base'
import { type Document, LineCounter, type Node, type Pair, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
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

const mostAliases = 20
const mostValues = 20_000
const deepest = 50
// One missing quote makes mistakes of all that follows.
const mostSyntaxMistakes = 10
const unsafeKeys = ['__proto__', 'constructor', 'prototype', '<<']

/**
 * Reads YAML 1.2 with the core schema, of at most `mostBytes`, into a tree that knows its places: data only, at most 20 aliases, 20 000 values and 50 levels; tags
 * that are not YAML's own, merge keys and keys that JavaScript gives a meaning are mistakes. `tree` is undefined when the file is empty or too
 * broken to go on with.
 */
export function readTree(
  text: string,
  file: string,
  mostBytes: number,
): { readonly tree: Tree | undefined; readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = []
  const bytes = Buffer.byteLength(text)
  if (bytes > mostBytes) return { tree: undefined, mistakes: [yamlMistakes.tooLarge(file, bytes, mostBytes)] }
  const depth = nesting(text)
  if (depth > deepest) return { tree: undefined, mistakes: [yamlMistakes.tooMuch({ file }, 'levels', deepest)] }
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
  })
  if (text.includes('\0')) mistakes.push(yamlMistakes.syntax(placeAt(text.indexOf('\0')), 'it has a NUL byte'))
  for (const error of [...document.errors, ...document.warnings].slice(0, mostSyntaxMistakes))
    mistakes.push(yamlMistakes.syntax(placeAt(error.pos[0]), error.message))
  if (document.contents === null || document.errors.length > 0) return { tree: undefined, mistakes }
  return { tree: grow(document, placeAt, (mistake) => mistakes.push(mistake)), mistakes }
}

/** The value under `key`, when `tree` is a mapping that has it. */
export function valueOf(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.is === 'map' ? tree.entries.find((entry) => entry.key === key)?.value : undefined
}

/** The text under `key`: of a string, or of a number as the file writes it. */
export function textOf(tree: Tree | undefined, key: string): string | undefined {
  const value = valueOf(tree, key)
  return value?.is === 'leaf' && value.value !== null ? value.text : undefined
}

function grow(document: Document, placeAt: (offset: number) => Place, report: Report): Tree | undefined {
  let aliases = 0
  let values = 0
  let isOver = false
  const over = (place: Place, what: string, most: number) => {
    if (!isOver) report(yamlMistakes.tooMuch(place, what, most))
    isOver = true
    return undefined
  }
  const placeOf = (node: unknown, near: Place): Place => {
    const offset = (node as Node | null)?.range?.[0]
    return offset === undefined ? near : placeAt(offset)
  }
  const visit = (node: unknown, near: Place, depth: number): Tree | undefined => {
    if (isOver) return undefined
    const place = placeOf(node, near)
    if (++values > mostValues) return over(place, 'values', mostValues)
    if (depth > deepest) return over(place, 'levels', deepest)
    if (isAlias(node))
      return ++aliases > mostAliases ? over(place, 'aliases', mostAliases) : visit(node.resolve(document), place, depth + 1)
    if (isMap(node)) {
      const keys = new Set<string>()
      return { is: 'map', place, entries: node.items.flatMap((pair) => visitPair(pair, keys, place, depth)) }
    }
    if (isSeq(node)) return { is: 'list', place, items: node.items.flatMap((item) => visit(item, place, depth + 1) ?? []) }
    return leafOf(node, place)
  }
  const visitPair = (pair: Pair, keys: Set<string>, near: Place, depth: number): Entry[] => {
    const keyPlace = placeOf(pair.key, near)
    const key = isScalar(pair.key) && pair.key.value !== null ? (pair.key.source ?? String(pair.key.value)) : undefined
    const wrong = key === undefined ? yamlMistakes.badKey(keyPlace, 'this') : wrongKey(key, keys, keyPlace)
    if (key === undefined || wrong !== undefined) {
      if (wrong !== undefined) report(wrong)
      return []
    }
    keys.add(key)
    const value = visit(pair.value, keyPlace, depth + 1)
    return value === undefined ? [] : [{ key, keyPlace, value }]
  }
  return visit(document.contents, placeAt(0), 0)
}

function wrongKey(key: string, keys: ReadonlySet<string>, place: Place): Mistake | undefined {
  if (unsafeKeys.includes(key)) return yamlMistakes.unsafeKey(place, key)
  return keys.has(key) ? yamlMistakes.duplicateKey(place, key) : undefined
}

function leafOf(node: unknown, place: Place): Leaf {
  const { value, source } = isScalar(node) ? node : { value: null, source: '' }
  if (typeof value === 'string') return { is: 'leaf', value, text: value, place }
  if (typeof value === 'number' || typeof value === 'boolean') return { is: 'leaf', value, text: source ?? String(value), place }
  return { is: 'leaf', value: null, text: '', place }
}

/** How deep brackets, or the dashes at the start of a line, are nested: looked for first, since the parser calls itself for each and would run out of stack. */
function nesting(text: string): number {
  let open = 0
  let deepestFound = 0
  for (const character of text) {
    if (character === '[' || character === '{') deepestFound = Math.max(deepestFound, ++open)
    else if ((character === ']' || character === '}') && open > 0) open--
  }
  const dashes = text.split('\n').map((line) => /^[\s?-]*/.exec(line)?.[0].replaceAll(/[^?-]/g, '').length ?? 0)
  return dashes.reduce((most, count) => Math.max(most, count), deepestFound)
}
