import { nearest } from '@microts/core/base'
import type { Branch, Entry, Leaf, Report, Tree } from '@microts/source/yaml'
import { shapeMistakes, spaceAfterColon } from './errors.js'

/**
 * What a value may look like. One table of these is what a file is checked with, and what its JSON Schema is made from.
 * `what` completes "must be ...".
 */
export type Shape =
  | { readonly is: 'string'; readonly what: string; readonly oneOf?: readonly string[]; readonly pattern?: RegExp }
  /** A string, a number or a boolean, taken as the text that the file has. */
  | { readonly is: 'text'; readonly what: string }
  | { readonly is: 'integer'; readonly what: string; readonly min: number; readonly max: number }
  | { readonly is: 'boolean'; readonly what: string }
  | { readonly is: 'list'; readonly what: string; readonly of: Shape }
  | { readonly is: 'map'; readonly what: string; readonly of: Shape; readonly key: RegExp; readonly keyWhat: string }
  | { readonly is: 'object'; readonly what: string; readonly keys: Keys }
  /** A mapping whose content somebody else checks. */
  | { readonly is: 'data'; readonly what: string }
  /** A leaf of the first shape, or a mapping of the second. */
  | { readonly is: 'either'; readonly what: string; readonly leaf: Shape; readonly branch: Shape }

/** The keys that a mapping may have, in the order in which they are shown. */
export type Keys = Readonly<Record<string, Key>>

/** One key: what it takes, and a sentence about it. */
export interface Key {
  readonly shape: Shape
  readonly about: string
  readonly isRequired?: true
}

/** How to read. */
export interface ShapeReader {
  readonly report: Report
  /** Called for a key that is not known; without it, such a key is a mistake. `path`: `services.web.scanner`. */
  readonly passOver?: (path: string) => void
}

/**
 * The plain value of `tree` if it has the shape; what has not is reported and left out. Objects have no prototype.
 * `path` names the value in messages: `services.web.ports`; `''` is the file.
 */
export function readShape(tree: Tree, shape: Shape, path: string, reader: ShapeReader): unknown {
  switch (shape.is) {
    case 'string':
      return readString(tree, shape, path, reader.report)
    case 'text':
      return tree.is === 'leaf' && tree.value !== null ? tree.text : wrong(tree, shape, path, reader.report)
    case 'integer':
      return readInteger(tree, shape, path, reader.report)
    case 'boolean':
      return tree.is === 'leaf' && typeof tree.value === 'boolean' ? tree.value : wrong(tree, shape, path, reader.report)
    case 'list':
      if (tree.is !== 'list') return wrong(tree, shape, path, reader.report)
      return tree.items.flatMap((item, index) => readShape(item, shape.of, `${path}[${index}]`, reader) ?? [])
    case 'map':
      return readMap(tree, shape, path, reader)
    case 'object':
      return readObject(tree, shape, path, reader)
    case 'data':
      return tree.is === 'map' ? plain(tree, reader.report) : wrong(tree, shape, path, reader.report)
    case 'either':
      if (tree.is === 'leaf' && typeof tree.value !== 'string') return wrong(tree, shape, path, reader.report)
      return readShape(tree, tree.is === 'leaf' ? shape.leaf : shape.branch, path, reader)
  }
}

function readString(tree: Tree, shape: Extract<Shape, { is: 'string' }>, path: string, report: Report): string | undefined {
  if (tree.is !== 'leaf' || typeof tree.value !== 'string') return wrong(tree, shape, path, report)
  if (shape.oneOf !== undefined && !shape.oneOf.includes(tree.value)) {
    report(shapeMistakes.notOneOf(tree.place, path, tree.value, shape.oneOf))
    return undefined
  }
  if (shape.pattern !== undefined && !shape.pattern.test(tree.value)) return wrong(tree, shape, path, report)
  return tree.value
}

function readInteger(tree: Tree, shape: Extract<Shape, { is: 'integer' }>, path: string, report: Report): number | undefined {
  if (tree.is !== 'leaf' || typeof tree.value !== 'number' || !Number.isInteger(tree.value)) return wrong(tree, shape, path, report)
  return tree.value < shape.min || tree.value > shape.max ? wrong(tree, shape, path, report) : tree.value
}

function readMap(tree: Tree, shape: Extract<Shape, { is: 'map' }>, path: string, reader: ShapeReader): unknown {
  if (tree.is !== 'map') return wrong(tree, shape, path, reader.report)
  const value = emptyObject()
  for (const entry of tree.entries) {
    if (!isSafe(entry, reader.report)) continue
    if (!shape.key.test(entry.key)) {
      const hint = spaceAfterColon(entry.key)
      reader.report(shapeMistakes.wrongType(entry.keyPlace, `a key of ${path}`, shape.keyWhat, `"${entry.key}"`, hint))
      continue
    }
    const item = readShape(entry.value, shape.of, join(path, entry.key), reader)
    if (item !== undefined) value[entry.key] = item
  }
  return value
}

function readObject(tree: Tree, shape: Extract<Shape, { is: 'object' }>, path: string, reader: ShapeReader): unknown {
  if (tree.is !== 'map') return wrong(tree, shape, path, reader.report)
  const value = emptyObject()
  const unknown: string[] = []
  for (const entry of tree.entries) {
    const key = Object.hasOwn(shape.keys, entry.key) ? shape.keys[entry.key] : undefined
    if (key === undefined) {
      unknown.push(entry.key)
      if (reader.passOver !== undefined) reader.passOver(join(path, entry.key))
      else reader.report(shapeMistakes.unknownKey(entry.keyPlace, path, entry.key, Object.keys(shape.keys)))
      continue
    }
    const item = readShape(entry.value, key.shape, join(path, entry.key), reader)
    if (item !== undefined) value[entry.key] = item
  }
  // A key that is misspelt has been told of, and is not missing as well.
  const isMisspelt = (name: string) => unknown.some((key) => key.startsWith(`${name}:`) || nearest(key, [name]).length > 0)
  for (const [name, key] of Object.entries(shape.keys))
    if (key.isRequired === true && !tree.entries.some((entry) => entry.key === name) && !isMisspelt(name))
      reader.report(shapeMistakes.missingKey(tree.place, path, name, key.about))
  return value
}

/** The tree as plain data: what options are. */
function plain(tree: Tree, report: Report): unknown {
  if (tree.is === 'leaf') return tree.value
  if (tree.is === 'list') return tree.items.map((item) => plain(item, report))
  const value = emptyObject()
  for (const entry of tree.entries) if (isSafe(entry, report)) value[entry.key] = plain(entry.value, report)
  return value
}

function isSafe(entry: Entry, report: Report): boolean {
  if (entry.key !== '__proto__') return true
  report(shapeMistakes.unsafeKey(entry.keyPlace, entry.key))
  return false
}

function wrong(tree: Tree, shape: Shape, path: string, report: Report): undefined {
  report(shapeMistakes.wrongType(tree.place, path === '' ? 'the file' : path, shape.what, describe(tree), adviceFor(tree, shape)))
  return undefined
}

function adviceFor(tree: Tree, shape: Shape): string | undefined {
  if (tree.is !== 'leaf') return undefined
  if (shape.is === 'string' || shape.is === 'either')
    return typeof tree.value === 'number' || typeof tree.value === 'boolean' ? `In quotes it is text: "${tree.text}".` : undefined
  if (typeof tree.value === 'string' && shape.is !== 'text') return spaceAfterColon(tree.value)
  return tree.value === null && shape.is === 'text' ? 'For an empty text write "".' : undefined
}

function describe(tree: Branch | Leaf | Tree): string {
  if (tree.is === 'map') return 'a mapping'
  if (tree.is === 'list') return 'a list'
  if (tree.value === null) return 'nothing'
  return typeof tree.value === 'string' ? `"${tree.value}"` : `the ${typeof tree.value} ${tree.text}`
}

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)
const emptyObject = () => Object.create(null) as Record<string, unknown>
