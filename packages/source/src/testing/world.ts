import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SourceOptions } from '../resolve/options.js'
import { type GitServer, gitServer } from './git-server.js'
import { type TestRepository, testRepository } from './repository.js'

/** A machine of its own: a home, a project, and hosts on loopback under the names that people write. */
export interface World {
  readonly root: string
  readonly project: string
  readonly store: string
  readonly server: GitServer
  /** The environment of a user who has nothing but a home and a PATH. */
  readonly env: Readonly<Record<string, string>>
  /** Makes `github.com/alice/mailhog`, reached through a mirror. */
  repository(path: string, format?: 'sha1' | 'sha256'): TestRepository
  /** Options for the project, with `trust` for everything unless said otherwise. */
  options(more?: Partial<SourceOptions>): SourceOptions
  /** Writes the user's file: mirrors for github.com and example.com, and what is given. */
  configure(config: string): void
  read(path: string): string
  write(path: string, text: string): void
  /** All that stands in the store, in order. */
  stored(): readonly string[]
}

/** Makes a {@link World}. All of it is gone when the test ends. */
export async function world(context: Pick<TestContext, 'after'>): Promise<World> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'micro-source-test-')))
  context.after(() => removeAll(root))
  const [project, home, remotes, store] = ['project', 'home', 'remotes', 'home/.local/share/micro/store'].map((name) =>
    join(root, name),
  ) as [string, string, string, string]
  for (const folder of [project, home, remotes]) mkdirSync(folder)
  const server = await gitServer(context, remotes)
  const env = { PATH: process.env['PATH'] ?? '', HOME: home }
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const configure = (config: string) => {
    const mirrors = ['github.com', 'example.com', 'gitlab.com'].map((host) => `  ${host}: "${server.url}/${host}/{path}.git"\n`)
    write('home/.config/micro/config.yml', `mirrors:\n${mirrors.join('')}${config}`)
  }
  configure('trust: [github.com, example.com, gitlab.com]\n')
  return {
    root,
    project,
    store,
    server,
    env,
    configure,
    write,
    read: (path) => readFileSync(join(root, path), 'utf8'),
    repository: (path, format) => testRepository(join(remotes, `${path}.git`), format),
    options: (more) => ({ project, env, ...more }),
    stored: () => {
      try {
        return readdirSync(store).sort()
      } catch {
        return [] // nothing has been put into it
      }
    },
  }
}

/** A manifest of one service type. */
export function manifestOf(uri: string, type: string, more = ''): string {
  return `plugins:\n  - uri: ${uri}\n    name: ${type}\n    description: A test\n    api: ^1\n${more}    service:\n      type: ${type}\n      drivers: { native: { command: ${type} } }\n`
}

function removeAll(folder: string): void {
  const makeWritable = (at: string) => {
    chmodSync(at, 0o755)
    for (const entry of readdirSync(at, { withFileTypes: true })) if (entry.isDirectory()) makeWritable(join(at, entry.name))
  }
  makeWritable(folder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
