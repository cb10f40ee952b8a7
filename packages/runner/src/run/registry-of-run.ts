import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MicroError } from '@microts/core/base'
import type { PluginEntry } from '@microts/core/plugin'
import { implementationToAdd } from '../build/added-plugins.js'
import { buildErrors } from '../build/errors.js'
import { loadPlugins } from '../build/load-plugins.js'
import { findPlugins } from '../plugins/find-plugins.js'
import { type Environment, findProject, type ProjectLocation } from '../project/find.js'
import { readProject } from '../project/read.js'
import type { RunRecord } from '../state/record.js'
import type { Catalog } from '../types/manifest.js'

/** The registry that the services of a run use, for a program beside them. */
export interface RunRegistry {
  readonly name: string
  readonly address?: string
  /** What the project file says of it. */
  readonly options: Readonly<Record<string, unknown>>
  /** The implementation, when it is not core's own. */
  readonly plugins: readonly PluginEntry[]
}

/**
 * Which registry the services of a run use, and what reaches it; undefined when none of them says. A plugin is found as for the services themselves, and
 * bundled into the project's `.micro/client`, which is the only thing that takes time: core's own registries cost nothing.
 *
 * @throws MicroError what `findPlugins` throws
 */
export async function registryOfRun(
  run: RunRecord,
  { catalog, env = process.env }: { readonly catalog: () => Promise<Catalog>; readonly env?: Environment },
): Promise<RunRegistry | undefined> {
  const service = run.services.find(({ uses }) => uses.some(({ kind }) => kind === 'registry'))
  const use = service?.uses.find(({ kind }) => kind === 'registry')
  if (service === undefined || use === undefined) return undefined
  const { name, plugin: reference, address } = use
  if (reference === undefined) return { name, options: {}, plugins: [] }
  const known = await catalog()
  const packageFolders = [run.folder, dirname(fileURLToPath(import.meta.url))]
  const found = (await findPlugins([{ reference }], { folder: run.folder, catalog: known, packageFolders, env })).get(reference)
  const plugin = found === undefined ? undefined : implementationToAdd(found, 'registry', name)
  if (plugin === undefined) throw buildErrors.manifestMissesPlugin(found?.folder ?? reference, 'registry', name)
  return {
    name,
    ...(address !== undefined && { address }),
    options: await optionsOf(service.service, name, run.folder, known, env),
    plugins: await loadPlugins([plugin], { outFolder: join(run.folder, '.micro', 'client'), packageFolders }),
  }
}

async function optionsOf(
  service: string,
  name: string,
  folder: string,
  catalog: Catalog,
  env: Environment,
): Promise<RunRegistry['options']> {
  const location = locationOf(folder)
  if (location === undefined) return {}
  const project = await readProject(location, catalog, { env })
  const own = project.services.find((one) => one.name === service)?.interfaces.registry
  const written = own ?? project.interfaces.registry
  // What chose another one, a flag for instance, does not take these along.
  return written?.name === name ? written.options : {}
}

/** A run needs no project file. */
function locationOf(folder: string): ProjectLocation | undefined {
  try {
    return findProject(folder)
  } catch (error) {
    if (MicroError.is(error) && error.reason === 'PROJECT_NOT_FOUND') return undefined
    throw error
  }
}
