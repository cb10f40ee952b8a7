import { basename, dirname, relative } from 'node:path'
import type { Catalog } from '../types/manifest.js'
import { ownType } from './check-types.js'
import { type Environment, nameOfFolder, nearestFile, projectId, realFolder } from './find.js'
import { expandPatterns } from './patterns.js'
import type { Project, ServiceDefinition } from './project.js'
import { readProject, type ReadProjectOptions } from './read.js'

/** Services of ours, with what the project says of them. */
export interface Selection {
  /** Without a project file, the folder itself counts as a project that says nothing. */
  readonly project: Project
  readonly services: readonly ServiceDefinition[]
}

/**
 * The services of ours that patterns name. One that the project file has is taken with what the file says; another one is named by its folder.
 * The project is the one that `folder` is in; in none, the one that all these services are in.
 *
 * @throws MicroError those of {@link readProject} and {@link expandPatterns}
 */
export async function selectServices(
  folder: string,
  patterns: readonly string[],
  catalog: Catalog,
  options: ReadProjectOptions & { readonly env: Environment },
): Promise<Selection> {
  const { env } = options
  const start = realFolder(folder)
  const file = nearestFile(start) ?? commonFile(expandPatterns(patterns, start))
  const project: Project =
    file === undefined
      ? projectWithoutFile(start, env)
      : await readProject({ folder: dirname(file), file, id: projectId(dirname(file), env) }, catalog, options)
  const taken = new Set(project.services.map(({ name }) => name))
  const services = expandPatterns(patterns, start).map((found): ServiceDefinition => {
    const known = project.services.find((service) => service.type === ownType && service.folder === found)
    if (known !== undefined) return known
    const name = freeName(found, project.folder, taken)
    taken.add(name)
    return {
      name,
      type: ownType,
      folder: found,
      needs: [],
      env: {},
      ports: {},
      keepsData: false,
      interfaces: {},
      place: { file: file ?? found },
    }
  })
  return { project, services }
}

/** The project file that all folders are below, if they have one and the same. */
function commonFile(folders: readonly string[]): string | undefined {
  const [file, ...others] = new Set(folders.map(nearestFile))
  return others.length === 0 ? file : undefined
}

const projectWithoutFile = (folder: string, env: Environment): Project => ({
  name: nameOfFolder(folder),
  folder,
  id: projectId(folder, env),
  services: [],
  interfaces: {},
  plugins: [],
  found: new Map(),
  passedOver: [],
})

/** The folder's name; where that is taken, its path. */
function freeName(folder: string, projectFolder: string, taken: ReadonlySet<string>): string {
  const name = nameOfFolder(folder)
  return taken.has(name) ? relative(projectFolder, folder).split('/').map(nameOfFolder).join('-') || basename(folder) : name
}
