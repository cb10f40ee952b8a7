import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entryOf, type Mistake, readTree, type Report, type Tree } from '@microts/source/yaml'
import type { FetchOptions } from '../plugins/fetch-options.js'
import { findPlugins } from '../plugins/find-plugins.js'
import type { FoundPlugins } from '../plugins/found-plugin.js'
import type { Catalog, DriverName } from '../types/manifest.js'
import { readShape } from '../yaml/shape.js'
import { checkNeeds } from './check-needs.js'
import { checkPlugins } from './check-plugins.js'
import { checkPlaces, checkTypes } from './check-types.js'
import { pluginOf, type RawChoice, readChoices, readPluginUses } from './choices.js'
import { projectErrors } from './errors.js'
import { type Environment, nameOfFolder, type ProjectLocation } from './find.js'
import { projectShape } from './keys.js'
import type { InterfaceKind, Project, ServiceDefinition } from './project.js'
import { checkReferences, referencesOf } from './references.js'

// What a project of a thousand services would need; beyond it a file is a mistake or an attack.
const mostBytes = 1024 * 1024

/** What reading a project takes besides its place and what core has. */
export interface ReadProjectOptions {
  /** @default process.env */
  readonly env?: Environment
  /** How plugins that the file names are fetched. */
  readonly fetching?: FetchOptions
  /** References that the command line names besides: they are found with those of the file, so that one question of trust covers all. @default none */
  readonly also?: readonly string[]
}

/**
 * Reads and checks a project file to its end, and finds the plugins that it names. Nothing is looked for on behalf of a file that is wrong in itself.
 *
 * @throws MicroError with all mistakes of the file in `details.mistakes` (a list of {@link Mistake}) and the place of the first; with only one kind
 * of mistake it has that one's code and reason, else `invalid_argument`/`INVALID_PROJECT`. And those of `findPlugins`, with the place of the reference.
 */
export async function readProject(location: ProjectLocation, catalog: Catalog, options: ReadProjectOptions = {}): Promise<Project> {
  const text = await readFile(location.file, 'utf8').catch((error: unknown) => {
    throw projectErrors.unreadable(location.file, error)
  })
  const { project, tree, mistakes } = await parseProject(text, location, catalog)
  if (mistakes.length > 0 || project === undefined) throw projectErrors.invalid(basename(location.file), mistakes)
  const { env = process.env, fetching, also = [] } = options
  const wanted = [...referencesOf(project, tree), ...also.map((reference) => ({ reference }))]
  if (wanted.length === 0) return project
  const found = await findPlugins(wanted, {
    folder: location.folder,
    catalog,
    // The runner's own place is the CLI's, whose plugins are those that come with Micro.
    packageFolders: [location.folder, dirname(fileURLToPath(import.meta.url))],
    env,
    ...(fetching !== undefined && { fetching }),
  })
  return checkFound({ ...project, found }, tree, catalog, location)
}

/** What a file says, and what is wrong with it. */
export interface ParsedProject {
  /** With mistakes, it is not to be used. Its plugins are not found yet. */
  readonly project: Project | undefined
  readonly tree: Tree | undefined
  /** In the order of the file. What depends on a plugin that is not core's is not among them. */
  readonly mistakes: readonly Mistake[]
}

/** The project that `text` describes. Looks at the disk for the folders of services; asks nobody for plugins. */
export async function parseProject(text: string, location: ProjectLocation, catalog: Catalog): Promise<ParsedProject> {
  const { tree, mistakes: found } = readTree(text, location.file, { mostBytes, author: 'user' })
  const mistakes: Mistake[] = [...found]
  const report: Report = (mistake) => mistakes.push(mistake)
  const passedOver: string[] = []
  // An empty file is a project without services.
  if (tree === undefined) return { project: found.length > 0 ? undefined : toProject({}, undefined, location, [], report), tree, mistakes }
  const isLando = basename(location.file) === '.lando.yml'
  const raw = readShape(tree, projectShape, '', { report, ...(isLando && { passOver: (path) => passedOver.push(path) }) })
  const project = toProject(raw ?? {}, tree, location, passedOver, report)
  checkTypes(project, tree, catalog, report)
  checkPlugins(project, tree, catalog, report)
  checkPlaces(project, tree, report)
  checkNeeds(project, tree, report)
  mistakes.push(...(await checkReferences(referencesOf(project, tree))))
  return { project, tree, mistakes: inOrder(mistakes) }
}

/** The project, once what its plugins have is known. @throws MicroError as {@link readProject} */
function checkFound(project: Project, tree: Tree | undefined, catalog: Catalog, { file }: ProjectLocation): Project {
  const mistakes: Mistake[] = []
  const report: Report = (mistake) => mistakes.push(mistake)
  if (tree !== undefined) {
    checkPlugins(project, tree, catalog, report)
    checkTypes(project, tree, catalog, report)
  }
  if (mistakes.length > 0) throw projectErrors.invalid(basename(file), inOrder(mistakes))
  return project
}

function inOrder(mistakes: readonly Mistake[]): Mistake[] {
  const at = ({ place }: Mistake) => (place.line ?? 0) * 10_000 + (place.column ?? 0)
  return [...mistakes].sort((a, b) => at(a) - at(b))
}

/** What {@link projectShape} lets through. What was wrong is left out. */
type RawProject = Partial<Record<InterfaceKind, RawChoice>> & {
  readonly name?: string
  readonly plugins?: readonly string[]
  readonly prefer?: DriverName
  readonly services?: Readonly<Record<string, RawService>>
}

type RawService = Partial<Record<InterfaceKind, RawChoice>> & {
  readonly type?: string
  readonly path?: string
  readonly plugin?: string
  readonly needs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly driver?: DriverName
  readonly ports?: Readonly<Record<string, number>>
  readonly data?: 'keep'
}

function toProject(
  raw: RawProject,
  tree: Tree | undefined,
  { folder, file, id }: ProjectLocation,
  passedOver: readonly string[],
  report: Report,
): Project {
  const services = entryOf(tree, 'services')?.value
  const toService = ([name, service]: [string, RawService]): ServiceDefinition => {
    const entry = entryOf(services, name)
    const [type = '', version] = (service.type ?? '').split(/:(.*)/s)
    return {
      name,
      type,
      ...pluginOf(service.plugin),
      ...(version !== undefined && { version }),
      ...(service.path !== undefined && { folder: resolve(folder, service.path) }),
      needs: [...new Set(service.needs)],
      env: { ...service.env },
      ...(service.driver !== undefined && { driver: service.driver }),
      ports: { ...service.ports },
      keepsData: service.data === 'keep',
      interfaces: readChoices(service, entry?.value, `services.${name}`, report),
      place: entry?.keyPlace ?? { file },
    }
  }
  return {
    name: raw.name ?? nameOfFolder(folder),
    folder,
    file,
    id,
    services: Object.entries(raw.services ?? {}).map(toService),
    interfaces: readChoices(raw, tree, '', report),
    plugins: readPluginUses(raw.plugins ?? [], entryOf(tree, 'plugins')?.value),
    found: noPlugins,
    ...(raw.prefer !== undefined && { prefer: raw.prefer }),
    passedOver,
  }
}

const noPlugins: FoundPlugins = new Map()
