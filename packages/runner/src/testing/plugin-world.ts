import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type World, world } from '@microts/source/testing'
import { findProject } from '../project/find.js'
import type { Project } from '../project/project.js'
import { type ReadProjectOptions, readProject } from '../project/read.js'
import type { Catalog } from '../types/manifest.js'

/** A {@link World} whose project the runner reads. */
export interface PluginWorld extends World {
  /** Reads the project with what core has; `more` as in {@link readProject}. */
  readProject(catalog: Catalog, fetching?: ReadProjectOptions['fetching']): Promise<Project>
  /** The environment of the user, with a runtime folder of its own. */
  readonly runEnv: Readonly<Record<string, string>>
}

/** Makes a world whose user trusts github.com, example.com and gitlab.com. */
export async function pluginWorld(context: Pick<TestContext, 'after'>): Promise<PluginWorld> {
  const here = await world(context)
  const runtime = join(here.root, 'runtime')
  mkdirSync(runtime, { mode: 0o700 })
  return {
    ...here,
    runEnv: { ...here.env, XDG_RUNTIME_DIR: runtime },
    readProject: (catalog, fetching) =>
      readProject(findProject(here.project, here.env), catalog, { env: here.env, ...(fetching !== undefined && { fetching }) }),
  }
}

/** The manifest of a type of service that `dist/server.mjs` beside it serves. */
export function typeOfStranger(uri: string, type: string, more = ''): string {
  return `plugins:
  - uri: ${uri}
    name: ${type}
    description: A stranger's ${type}
    api: ^1
    service:
      type: ${type}
      versions: [v1.0.0, v1.0.3]
      default: v1.0.0
      ports: { http: { port: 8025, open: true } }
      drivers: { embedded: { entry: dist/server.mjs } }
      ready: { http: { port: http, path: / }, timeoutMs: 10000 }
      exports: { ${type.toUpperCase()}_URL: "http://127.0.0.1:\${port.http}" }
${more}`
}

/** An implementation, as an entry of a manifest. */
export function implementationOf(uri: string, kind: string, name: string, api = '^1'): string {
  return `  - uri: ${uri}
    name: ${name}
    description: A stranger's ${kind}
    api: ${api}
    implementation:
      kind: ${kind}
      name: ${name}
      entry: dist/index.js
      options: { type: object, properties: { clientId: { type: string } } }
`
}
