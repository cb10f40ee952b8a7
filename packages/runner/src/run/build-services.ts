import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Clock, systemClock } from '@microts/core/base'
import { implementationToAdd, referenceOf, type WantedPlugin } from '../build/added-plugins.js'
import { type Bundle, bundleService } from '../build/bundle.js'
import { buildErrors } from '../build/errors.js'
import { storeFiles } from '../plugin-list/list-entries.js'
import { readListFile } from '../plugin-list/list-file.js'
import { fetchedOf } from '../plugin-list/plugin-words.js'
import { settlePlugins } from '../plugin-list/settle-plugins.js'
import type { FetchOptions } from '../plugins/fetch-options.js'
import { findOwn } from '../plugins/find-own.js'
import { findPlugins, withPlace } from '../plugins/find-plugins.js'
import { lookAtReference } from '../plugins/written.js'
import { type Environment, realFolder } from '../project/find.js'
import type { Project } from '../project/project.js'
import { selectServices } from '../project/select.js'
import type { Catalog } from '../types/manifest.js'
import { providersOf } from './beside.js'
import { resolveChoices } from './choices.js'

/** What {@link build} takes. */
export interface BuildOptions {
  /** Where patterns start; its project, if it is in one, says what goes in. */
  readonly folder: string
  /** @default ['./...'] */
  readonly patterns?: readonly string[]
  /** The references that each service's `plugins.ts` is to have, or `none`; undefined leaves it as it is. See {@link settlePlugins}. */
  readonly plugins?: readonly string[]
  /** Writes over a `plugins.ts` that somebody edited. @default false */
  readonly force?: boolean
  /** Where to write, relative to `folder`. @default `<project>/dist` */
  readonly out?: string
  readonly catalog: Catalog
  readonly env?: Environment
  /** How plugins that the project names are fetched. */
  readonly fetching?: FetchOptions
  readonly clock?: Clock
}

/** One service, built. */
export interface BuiltService extends Bundle {
  readonly service: string
  /** What was put in besides its own list, as `store/file`. */
  readonly plugins: readonly string[]
  /** What its own list has, in order. */
  readonly listed: readonly string[]
  /** Its list was written. */
  readonly wroteList: boolean
  readonly tookMs: number
}

/**
 * Builds services of ours into `<out>/<service>/main.js`, each with its source map: what `node` runs with nothing else about.
 *
 * @throws MicroError `invalid_argument`/`BUILD_FAILED` of the first that fails, `not_found`/`NO_SERVICES`, and those of reading the project and of
 * {@link settlePlugins}
 */
export async function build(options: BuildOptions): Promise<BuiltService[]> {
  const { folder, patterns = ['./...'], catalog, env = process.env, fetching, clock = systemClock } = options
  const { project, services } = await selectServices(folder, patterns, catalog, {
    env,
    also: fetchedOf(options.plugins),
    ...(fetching !== undefined && { fetching }),
  })
  const out = options.out === undefined ? join(project.folder, 'dist') : resolve(realFolder(folder), options.out)
  const { written } = await settlePlugins({
    project: project.folder,
    services: services.map(({ name, folder: own = '' }) => ({ name, folder: own })),
    words: options.plugins,
    from: realFolder(folder),
    force: options.force,
    catalog,
    packageFolders: [runnerFolder],
    env,
    fetching,
  })
  return Promise.all(
    services.map(async (service) => {
      const { name } = service
      const { plugins } = resolveChoices(service, project, providersOf(project, catalog), env)
      const outFolder = join(out, name)
      const built = await buildOne({
        service: name,
        folder: service.folder ?? '',
        outFolder,
        plugins,
        project,
        catalog,
        clock,
        env,
        fetching,
      })
      return { ...built, wroteList: written.some((list) => list.service === name) }
    }),
  )
}

/** Where a run's bundles go: `<project>/.micro/build/<service>`. */
export const runBuildFolder = (project: Project, service: string) => join(project.folder, '.micro', 'build', service)

/** Where the plugins that come with Micro are found: the runner's own place is the CLI's. */
export const runnerFolder = dirname(fileURLToPath(import.meta.url))

/** What {@link buildOne} takes. */
export interface BuildOneOptions {
  readonly service: string
  readonly folder: string
  readonly outFolder: string
  /** What it gets besides its own list. */
  readonly plugins: readonly WantedPlugin[]
  readonly project: Project
  readonly catalog: Catalog
  readonly clock: Clock
  readonly env: Environment
  readonly fetching?: FetchOptions | undefined
}

/** Builds one service with the plugins that it is to have. What its own list has of git is read from the store, once that is verified. */
export async function buildOne(options: BuildOneOptions): Promise<Omit<BuiltService, 'wroteList'>> {
  const { service, folder, outFolder, plugins, project, clock } = options
  const startedMs = clock.monotonicMs()
  const packageFolders = [folder, project.folder, runnerFolder]
  const added = plugins.map((wanted) => toAdded(wanted, packageFolders, options))
  const { listed } = readListFile(folder)
  const references = listed.map(({ kind, name, reference = `${kind}/${name}` }) => reference)
  const stored = await storedFiles(references, packageFolders, options)
  const bundle = await bundleService({ service, folder, outFolder, plugins: added, packageFolders, stored })
  const tookMs = Math.round(clock.monotonicMs() - startedMs)
  return { ...bundle, service, plugins: added.map(({ manifest }) => manifest.reference), listed: references, tookMs }
}

function toAdded(wanted: WantedPlugin, packageFolders: readonly string[], { project, catalog }: BuildOneOptions) {
  const { kind, name, plugin } = wanted
  const found =
    plugin === undefined
      ? withPlace(wanted, () => findOwn(referenceOf(wanted), kind, name, { catalog, packageFolders }))
      : project.found.get(plugin)
  const added = found === undefined ? undefined : implementationToAdd(found, kind, name)
  if (added === undefined) throw buildErrors.manifestMissesPlugin(project.file ?? project.folder, kind, name)
  return added
}

/** From the paths that a list imports below the project's `plugins/` to the files in the store. */
async function storedFiles(
  references: readonly string[],
  packageFolders: readonly string[],
  { project, catalog, env, fetching }: BuildOneOptions,
): Promise<ReadonlyMap<string, string>> {
  const fromGit = references.filter(
    (reference) => lookAtReference(reference).is === 'elsewhere' && !reference.startsWith('.') && !reference.startsWith('npm:'),
  )
  if (fromGit.length === 0) return new Map()
  const found = await findPlugins(
    fromGit.map((reference) => ({ reference })),
    { folder: project.folder, catalog, packageFolders, env, ...(fetching !== undefined && { fetching }) },
  )
  return new Map([...found.values()].flatMap(storeFiles))
}
