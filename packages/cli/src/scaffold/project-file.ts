import { readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import { scaffoldErrors } from './errors.js'
import { writeWhole } from './write-whole.js'

/** Where a new service goes, and what the project's file will be like. */
export interface ServiceEntry {
  /** The service's folder, absolute. */
  readonly folder: string
  /** Writes the file, whole or not at all. */
  write(): Promise<void>
}

/**
 * Settles where a service `name` of ours goes: below `services/`, or where the file has named it already. Nothing is written yet; then the new line stands
 * after the last service, and all the rest of the file is as it was, byte for byte.
 *
 * @throws `invalid_argument`/`PROJECT_BROKEN` with the place of what is wrong; `already_exists`/`SERVICE_EXISTS` when another type has the name
 */
export async function planService(file: string, projectFolder: string, name: string): Promise<ServiceEntry> {
  const text = await readFile(file, 'utf8')
  const { services, placeAt } = readServices(text, file)
  const pair = services?.items.find(({ key }) => isScalar(key) && String(key.value) === name)
  if (pair !== undefined) {
    const { type, path } = (isMap(pair.value) ? pair.value.toJSON() : {}) as { readonly type?: unknown; readonly path?: unknown }
    if (type !== 'node' || typeof path !== 'string')
      throw scaffoldErrors.serviceTaken(name, String(type ?? 'none'), placeAt((pair.key as Node).range?.[0] ?? 0))
    return { folder: inside(projectFolder, path) ?? join(projectFolder, 'services', name), write: async () => undefined }
  }
  const changed = withService(text, name, `./services/${name}`)
  return { folder: join(projectFolder, 'services', name), write: () => writeWhole(file, changed) }
}

/** The text of a project file with one more service of ours; `text` must be readable. */
export function withService(text: string, name: string, path: string): string {
  const entry = { type: 'node', path }
  const wanted = { ...(parse(text).toJSON() as object | null) } as { services?: object | null }
  wanted.services = { ...wanted.services, [name]: entry }
  const inserted = insertLine(text, `${name}: { type: node, path: ${path} }`)
  if (inserted !== undefined && isDeepStrictEqual(parse(inserted).toJSON(), wanted)) return inserted
  // Written in a way that has no place for a line: all in braces, for example.
  const document = parse(text)
  const node = document.createNode(entry)
  node.flow = true
  document.setIn(['services', name], node)
  return document.toString({ lineWidth: 0 })
}

function insertLine(text: string, line: string): string | undefined {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const { contents } = parse(text)
  if (contents !== null && !(isMap(contents) && contents.flow !== true)) return undefined
  const pair = contents?.items.find(({ key }) => isScalar(key) && key.value === 'services')
  if (pair === undefined) {
    const gap = text.trim() === '' ? '' : newline
    return `${text}${text === '' || text.endsWith('\n') ? '' : newline}${gap}services:${newline}  ${line}${newline}`
  }
  const { value } = pair
  const [first] = isMap(value) ? value.items : []
  if (first === undefined) return after(text, (pair.key as Node).range?.[1] ?? 0, `  ${line}`, newline)
  if (!isMap(value) || value.flow === true) return undefined
  const start = (first.key as Node).range?.[0] ?? 0
  const indent = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  return after(text, endOf(value), `${indent}${line}`, newline)
}

/** Puts a line below the one that `offset` is in. */
function after(text: string, offset: number, line: string, newline: string): string {
  const isAtStart = offset > 0 && text[offset - 1] === '\n'
  const end = isAtStart ? offset - 1 : text.indexOf('\n', offset)
  return end === -1 ? `${text}${newline}${line}${newline}` : `${text.slice(0, end + 1)}${line}${newline}${text.slice(end + 1)}`
}

/** Where a value's own text ends: without the comments and empty lines below it. */
function endOf(node: Node): number {
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1)
    const within = last?.value ?? last?.key
    if (isNode(within)) return endOf(within)
  }
  if (isSeq(node) && node.flow !== true) {
    const within = node.items.at(-1)
    if (isNode(within)) return endOf(within)
  }
  return node.range?.[1] ?? 0
}

function readServices(text: string, file: string) {
  const lines = new LineCounter()
  const document = parse(text, lines)
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const [error] = document.errors
  if (error !== undefined) throw scaffoldErrors.unreadableFile(placeAt(error.pos[0]), error.message)
  const { contents } = document
  if (contents !== null && !isMap(contents) && !isEmpty(contents))
    throw scaffoldErrors.unreadableFile(placeAt(contents.range?.[0] ?? 0), 'it is no mapping')
  const services: unknown = document.get('services', true)
  if (services !== undefined && services !== null && !isMap(services) && !isEmpty(services))
    throw scaffoldErrors.unreadableFile(placeAt((services as Node).range?.[0] ?? 0), '"services" is no mapping')
  return { services: isMap(services) ? services : undefined, placeAt }
}

const parse = (text: string, lineCounter = new LineCounter()): Document =>
  parseDocument(text, { version: '1.2', schema: 'core', merge: false, lineCounter, prettyErrors: false })

const isEmpty = (node: unknown) => isScalar(node) && node.value === null

/** The absolute path, when it lies in the project. */
function inside(projectFolder: string, path: string): string | undefined {
  const folder = join(projectFolder, path)
  return relative(projectFolder, folder).split(sep)[0] === '..' ? undefined : folder
}
