import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Catalog, DriverName } from '../types/manifest.js'
import type { Mistake, Report } from '../yaml/mistake.js'
import { readShape } from '../yaml/shape.js'
import { entryOf, readTree, type Tree } from '../yaml/tree.js'
import { checkNeeds } from './check-needs.js'
import { checkPlaces, checkTypes } from './check-types.js'
import { type RawChoice, readChoices, readPluginUses, refuseSources } from './choices.js'
import { projectErrors } from './errors.js'
import { nameOfFolder, type ProjectLocation } from './find.js'
import { projectShape } from './keys.js'
import type { InterfaceKind, Project, ServiceDefinition } from './project.js'

/**
 * Reads and checks a project file to its end.
 *
 * @throws MicroError with all mistakes of the file in `details.mistakes` (a list of {@link Mistake}) and the place of the first; with only one kind
 * of mistake it has that one's code and reason, else `invalid_argument`/`INVALID_PROJECT`
 */
export async function readProject(location: ProjectLocation, catalog: Catalog): Promise<Project> {
  const text = await readFile(location.file, 'utf8').catch((error: unknown) => {
    throw projectErrors.unreadable(location.file, error)
  })
  const { project, mistakes } = parseProject(text, location, catalog)
  if (mistakes.length > 0 || project === undefined) throw projectErrors.invalid(basename(location.file), mistakes)
  return project
}

/** The project that `text` describes, and what is wrong with it, in the order of the file. With mistakes, the project is not to be used. */
export function parseProject(
  text: string,
  location: ProjectLocation,
  catalog: Catalog,
): { readonly project: Project | undefined; readonly mistakes: readonly Mistake[] } {
  const { tree, mistakes: found } = readTree(text, location.file)
  const mistakes: Mistake[] = [...found]
  const report: Report = (mistake) => mistakes.push(mistake)
  const passedOver: string[] = []
  // An empty file is a project without services.
  if (tree === undefined) return { project: found.length > 0 ? undefined : toProject({}, undefined, location, [], report), mistakes }
  const isLando = basename(location.file) === '.lando.yml'
  const raw = readShape(tree, projectShape, '', { report, ...(isLando && { passOver: (path) => passedOver.push(path) }) })
  const project = toProject(raw ?? {}, tree, location, passedOver, report)
  refuseSources(tree, report)
  checkTypes(project, tree, catalog, report)
  checkPlaces(project, tree, report)
  checkNeeds(project, tree, report)
  const at = ({ place }: Mistake) => (place.line ?? 0) * 10_000 + (place.column ?? 0)
  return { project, mistakes: mistakes.sort((a, b) => at(a) - at(b)) }
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
    plugins: readPluginUses(raw.plugins ?? [], entryOf(tree, 'plugins')?.value, report),
    ...(raw.prefer !== undefined && { prefer: raw.prefer }),
    passedOver,
  }
}
