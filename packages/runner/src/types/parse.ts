import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { Place } from '@microts/core/base'
import { checkOptionsSchema, type OptionsSchema } from '@microts/core/plugin'
import { entryOf, type Mistake, readTree, type Report, type Tree } from '@microts/source/yaml'
import { type InterfaceKind, interfaceKinds } from '../project/project.js'
import { readShape } from '../yaml/shape.js'
import { manifestMistakes, typeErrors } from './errors.js'
import { manifestShape } from './keys.js'
import {
  type Catalog,
  type DriverName,
  driverNames,
  type Drivers,
  type ImplementationManifest,
  portsOf,
  type ReadyCheck,
  type ServiceTypeManifest,
  type TypePort,
} from './manifest.js'
import { unknownPlaceholders } from './template.js'

// A list of all plugins that there are is one, too.
const mostBytes = 1024 * 1024

/**
 * Reads the text of a `micro.plugin.yml`. Entries that are neither a type nor an implementation are pointers to other places and are left out.
 * An implementation's `options` may name a file beside it, which is read. What it names of its own files lies in the folder `root`.
 *
 * @throws MicroError `invalid_argument`/`INVALID_MANIFEST` with all mistakes in `details.mistakes`
 */
export function parseManifest(text: string, file: string, root = dirname(file)): Catalog {
  const { tree, mistakes: found } = readTree(text, file, { mostBytes, author: 'stranger' })
  const mistakes: Mistake[] = [...found]
  const report: Report = (mistake) => mistakes.push(mistake)
  const raw = tree === undefined ? undefined : (readShape(tree, manifestShape, '', { report }) as RawManifest | undefined)
  const items = entryOf(tree, 'plugins')?.value
  const plugins = mistakes.length === 0 ? (raw?.plugins ?? []) : []
  const at = (index: number, key: string) => entryOf(items?.is === 'list' ? items.items[index] : undefined, key)?.value
  for (const [index, { service, implementation }] of plugins.entries()) {
    const { options } = implementation ?? {}
    for (const path of [service?.drivers.embedded?.entry, implementation?.entry, typeof options === 'string' ? options : undefined])
      if (path !== undefined && isOutside(path, file, root))
        report(manifestMistakes.outside(at(index, 'service')?.place ?? at(index, 'implementation')?.place ?? { file }, path))
  }
  // A file that lies elsewhere is not even looked at.
  if (mistakes.length > 0) throw typeErrors.invalidManifest(file, mistakes)
  const types = plugins.flatMap((plugin, index) => toType(plugin, file, at(index, 'service'), report) ?? [])
  const implementations = plugins.flatMap((plugin, index) => toImplementation(plugin, file, at(index, 'implementation'), report) ?? [])
  if (mistakes.length > 0) throw typeErrors.invalidManifest(file, mistakes)
  return { types, implementations }
}

/**
 * Reads manifests from the disk into one catalog.
 *
 * @throws MicroError `invalid_argument`/`INVALID_MANIFEST`, also for a type that two of them have
 */
export function readCatalog(files: readonly string[]): Catalog {
  const catalogs = files.map((file) => parseManifest(readFileSync(file, 'utf8'), file))
  const types = catalogs.flatMap((catalog) => catalog.types)
  for (const [index, { type, file }] of types.entries()) {
    const other = types.slice(0, index).find((earlier) => earlier.type === type)
    if (other !== undefined) throw typeErrors.invalidManifest(file, [manifestMistakes.typeTwice({ file }, type, other.file)])
  }
  return { types, implementations: catalogs.flatMap(({ implementations }) => implementations) }
}

/** Whether a path of a manifest leads out of the plugin: what lies there is vouched for by nobody. */
function isOutside(path: string, file: string, root: string): boolean {
  return relative(root, resolve(dirname(file), path)).split('/')[0] === '..'
}

/** What {@link manifestShape} lets through. */
interface RawManifest {
  readonly plugins: readonly RawPlugin[]
}

interface RawPlugin {
  readonly uri: string
  readonly name: string
  readonly description: string
  readonly api?: string
  readonly service?: RawType
  readonly implementation?: {
    readonly kind: InterfaceKind
    readonly name: string
    readonly entry: string
    readonly options?: string | object
  }
}

interface RawType {
  readonly type: string
  readonly versions?: readonly string[]
  readonly default?: string
  readonly ports?: Readonly<Record<string, { readonly port: number; readonly open?: boolean; readonly drivers?: readonly DriverName[] }>>
  readonly drivers: RawDrivers
  readonly ready?: {
    readonly http?: { readonly port: string; readonly path?: string }
    readonly tcp?: { readonly port: string }
    readonly timeoutMs?: number
  }
  readonly data?: string
  readonly exports?: Readonly<Record<string, string>>
  readonly provides?: Readonly<Record<string, string>>
}

interface RawDrivers {
  readonly embedded?: NonNullable<Drivers['embedded']>
  readonly native?: {
    readonly command: string
    readonly needs?: readonly string[]
    readonly args?: readonly string[]
    readonly env?: Readonly<Record<string, string>>
    readonly version?: { readonly args: readonly string[]; readonly match: string }
  }
  readonly docker?: { readonly image: string; readonly tags?: Readonly<Record<string, string>> }
}

const defaultReadyMs = 30_000

function toType(plugin: RawPlugin, file: string, tree: Tree | undefined, report: Report): ServiceTypeManifest | undefined {
  const raw = plugin.service
  if (raw === undefined || tree === undefined) return undefined
  const ports: Record<string, TypePort> = {}
  for (const [name, { port, open, drivers }] of Object.entries(raw.ports ?? {}))
    ports[name] = { port, open: open ?? false, ...(drivers !== undefined && { drivers }) }
  const drivers: Drivers = {
    ...(raw.drivers.embedded !== undefined && { embedded: raw.drivers.embedded }),
    ...(raw.drivers.native !== undefined && {
      native: { ...raw.drivers.native, args: raw.drivers.native.args ?? [], env: raw.drivers.native.env ?? {} },
    }),
    ...(raw.drivers.docker !== undefined && { docker: { image: raw.drivers.docker.image, tags: raw.drivers.docker.tags ?? {} } }),
  }
  const written = entryOf(tree, 'drivers')?.value
  const order = written?.is === 'map' ? written.entries.map(({ key }) => key) : []
  const provides = toProvides(raw, tree, report)
  const type: ServiceTypeManifest = {
    type: raw.type,
    uri: plugin.uri,
    name: plugin.name,
    description: plugin.description,
    ...(plugin.api !== undefined && { api: plugin.api }),
    file,
    versions: raw.versions ?? [],
    ...(raw.default !== undefined && { defaultVersion: raw.default }),
    ports,
    drivers,
    driverOrder: order.flatMap((name): DriverName[] => driverNames.filter((known) => known === name)),
    ready: toReady(raw),
    ...(raw.data !== undefined && { data: raw.data }),
    exports: { ...raw.exports },
    ...(provides !== undefined && { provides }),
  }
  checkType(type, tree, report)
  return type
}

function toReady({ ready }: RawType): ReadyCheck {
  return {
    ...(ready?.http !== undefined && { http: { port: ready.http.port, path: ready.http.path ?? '/' } }),
    ...(ready?.tcp !== undefined && { tcp: ready.tcp }),
    timeoutMs: ready?.timeoutMs ?? defaultReadyMs,
  }
}

function toProvides(raw: RawType, tree: Tree, report: Report): ServiceTypeManifest['provides'] {
  if (raw.provides === undefined) return undefined
  const kinds = interfaceKinds.filter((kind) => raw.provides?.[kind] !== undefined)
  const [kind] = kinds
  const { address } = raw.provides
  const name = kind === undefined ? undefined : raw.provides[kind]
  if (kinds.length === 1 && kind !== undefined && name !== undefined && address !== undefined) return { kind, name, address }
  report(manifestMistakes.badProvides(entryOf(tree, 'provides')?.keyPlace ?? tree.place, raw.type))
  return undefined
}

function checkType(type: ServiceTypeManifest, tree: Tree, report: Report): void {
  const { drivers, ready, versions, defaultVersion } = type
  // What everyone may rely on names no port that only some drivers have.
  const ports = portsOf(type)
  const place = (key: string) => entryOf(tree, key)?.keyPlace ?? tree.place
  if (type.driverOrder.length === 0) report(manifestMistakes.noDriver(place('drivers'), type.type))
  if (defaultVersion !== undefined && !versions.includes(defaultVersion))
    report(manifestMistakes.unknownVersion(place('default'), 'default', defaultVersion, versions))
  for (const [port, { drivers: named = [] }] of Object.entries(type.ports))
    for (const driver of named)
      if (!type.driverOrder.includes(driver)) report(manifestMistakes.portOfNoDriver(place('ports'), port, driver, type.driverOrder))
  for (const check of [ready.http, ready.tcp])
    if (check !== undefined && !ports.includes(check.port)) report(manifestMistakes.unknownPort(place('ready'), 'ready', check.port, ports))
  const known = ports.map((name) => `port.${name}`)
  const texts = [...Object.values(type.exports), type.provides?.address ?? '']
  for (const found of texts.flatMap((text) => unknownPlaceholders(text, known)))
    report(manifestMistakes.unknownPlaceholder(place('exports'), found, known.map(braced)))
  const inArguments = [...portsOf(type, 'native').map((name) => `port.${name}`), 'data']
  for (const found of [...(drivers.native?.args ?? []), ...Object.values(drivers.native?.env ?? {})].flatMap((text) =>
    unknownPlaceholders(text, inArguments),
  ))
    report(manifestMistakes.unknownPlaceholder(place('drivers'), found, inArguments.map(braced)))
  const match = drivers.native?.version?.match
  if (match !== undefined && !isExpression(match)) report(manifestMistakes.badExpression(place('drivers'), match))
}

const braced = (name: string) => `\${${name}}`

function isExpression(text: string): boolean {
  try {
    return (new RegExp(`${text}|`).exec('')?.length ?? 0) > 1
  } catch {
    // Not an expression: that is the answer.
    return false
  }
}

function toImplementation(plugin: RawPlugin, file: string, tree: Tree | undefined, report: Report): ImplementationManifest | undefined {
  const raw = plugin.implementation
  if (raw === undefined || tree === undefined) return undefined
  const options = toOptions(raw.options, file, entryOf(tree, 'options')?.value.place ?? tree.place, report)
  return {
    kind: raw.kind,
    word: raw.name,
    uri: plugin.uri,
    name: plugin.name,
    description: plugin.description,
    api: plugin.api ?? '^1',
    file,
    entry: raw.entry,
    ...(options !== undefined && { options }),
  }
}

/** The schema that stands in the manifest, or in the file that it names. */
function toOptions(written: string | object | undefined, file: string, place: Place, report: Report): OptionsSchema | undefined {
  if (written === undefined) return undefined
  const where = typeof written === 'string' ? written : 'it'
  const schema = typeof written === 'string' ? readJson(join(dirname(file), written)) : { value: written }
  if ('why' in schema) {
    report(manifestMistakes.badOptions(place, where, schema.why))
    return undefined
  }
  const [issue] = checkOptionsSchema(schema.value)
  if (issue === undefined) return schema.value as OptionsSchema
  report(manifestMistakes.badOptions(place, [where, ...issue.path].join('.'), issue.problem))
  return undefined
}

function readJson(file: string): { readonly value: unknown } | { readonly why: string } {
  try {
    return { value: JSON.parse(readFileSync(file, 'utf8')) as unknown }
  } catch (error) {
    // What is no JSON is not shown: a stranger wrote it.
    if (error instanceof SyntaxError) return { why: 'it is no JSON' }
    return { why: error instanceof Error ? error.message : String(error) }
  }
}
