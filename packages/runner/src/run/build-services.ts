import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Clock, systemClock } from '@microts/core/base'
import { findPlugin, type WantedPlugin } from '../build/added-plugins.js'
import { type Bundle, bundleService } from '../build/bundle.js'
import { type Environment, realFolder } from '../project/find.js'
import type { Project } from '../project/project.js'
import { selectServices } from '../project/select.js'
import type { Catalog } from '../types/manifest.js'
import { resolveChoices } from './choices.js'

/** What {@link build} takes. */
export interface BuildOptions {
  /** Where patterns start; its project, if it is in one, says what goes in. */
  readonly folder: string
  /** @default ['./...'] */
  readonly patterns?: readonly string[]
  /** Where to write, relative to `folder`. @default `<project>/dist` */
  readonly out?: string
  readonly catalog: Catalog
  readonly env?: Environment
  readonly clock?: Clock
}

/** One service, built. */
export interface BuiltService extends Bundle {
  readonly service: string
  /** What was put in besides its own list, as `store/file`. */
  readonly plugins: readonly string[]
  readonly tookMs: number
}

/**
 * Builds services of ours into `<out>/<service>/main.js`, each with its source map: what `node` runs with nothing else about.
 *
 * @throws MicroError `invalid_argument`/`BUILD_FAILED` of the first that fails, `not_found`/`NO_SERVICES`, and those of reading the project
 */
export async function build(options: BuildOptions): Promise<BuiltService[]> {
  const { folder, patterns = ['./...'], catalog, env = process.env, clock = systemClock } = options
  const { project, services } = await selectServices(folder, patterns, catalog, env)
  const out = options.out === undefined ? join(project.folder, 'dist') : resolve(realFolder(folder), options.out)
  return Promise.all(
    services.map(({ name, ...service }) => {
      const { plugins } = resolveChoices({ name, ...service }, project, new Map(), env)
      return buildOne({ service: name, folder: service.folder ?? '', outFolder: join(out, name), plugins, project, catalog, clock })
    }),
  )
}

/** Where a run's bundles go: `<project>/.micro/build/<service>`. */
export const runBuildFolder = (project: Project, service: string) => join(project.folder, '.micro', 'build', service)

/** Builds one service with the plugins that it is to have. */
export async function buildOne(options: {
  readonly service: string
  readonly folder: string
  readonly outFolder: string
  readonly plugins: readonly WantedPlugin[]
  readonly project: Project
  readonly catalog: Catalog
  readonly clock: Clock
}): Promise<BuiltService> {
  const { service, folder, outFolder, plugins, project, catalog, clock } = options
  const startedMs = clock.monotonicMs()
  // The runner's own place is the CLI's, whose plugins are those that come with Micro.
  const packageFolders = [folder, project.folder, dirname(fileURLToPath(import.meta.url))]
  const added = plugins.map((wanted) => {
    const known = catalog.implementations.filter(({ kind }) => kind === wanted.kind).map(({ word }) => word)
    return findPlugin(service, wanted, packageFolders, known)
  })
  const bundle = await bundleService({ service, folder, outFolder, plugins: added, packageFolders })
  const tookMs = Math.round(clock.monotonicMs() - startedMs)
  return { ...bundle, service, plugins: added.map(({ manifest }) => manifest.reference), tookMs }
}
