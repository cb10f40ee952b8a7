import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TestContext } from 'node:test'
import { root } from './sandbox.js'

/** A user's machine, a project on it, and git hosts on loopback under the names that people write: real repositories, by way of mirrors. */
export interface GitMachine {
  /** Of the user: HOME is `<folder>/home`. */
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
  /** An empty project, `<folder>/project`. */
  readonly project: string
  readonly configFile: string
  /** Commits exactly these files on a branch (main) of `github.com/alice/mailhog`, which is made when it is not there. Gives the commit. */
  commit(repository: string, files: Readonly<Record<string, string>>, branch?: string): string
  tag(repository: string, name: string, commit: string): void
  /** Writes config.yml: the mirrors, and `more`. */
  configure(more: string): void
  /** All that stands in the store. */
  stored(): string[]
  /** From now on no host answers. */
  unplug(): Promise<void>
}

/** Makes a machine that trusts nobody. All of it is gone when the test ends. */
export async function makeGitMachine(context: Pick<TestContext, 'after'>): Promise<GitMachine> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'micro-test-')))
  context.after(() => {
    makeWritable(folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  const at = (name: string) => join(folder, name)
  for (const name of ['home', 'project', 'hosts', 'run', 'tmp']) mkdirSync(at(name), { mode: 0o700 })
  writeFileSync(at('project/micro.yml'), 'name: shop\nservices: {}\n')
  // The same that `node examples/three-mailhogs/hosts.mjs` serves with. By its address: it has no types.
  const { serveRepositories } = (await import(pathToFileURL(join(root, 'examples/three-mailhogs/hosts/serve-repositories.mjs')).href)) as {
    serveRepositories(folder: string): Promise<{ readonly url: string; readonly close: () => Promise<void> }>
  }
  const { url, close } = await serveRepositories(at('hosts'))
  let isPlugged = true
  const unplug = async () => {
    if (isPlugged) await close()
    isPlugged = false
  }
  context.after(unplug)
  const configFile = at('home/.config/micro/config.yml')
  const self: GitMachine = {
    env: { PATH: process.env['PATH'] ?? '', HOME: at('home'), XDG_RUNTIME_DIR: at('run'), TMPDIR: at('tmp'), NO_COLOR: '1' },
    folder,
    project: at('project'),
    configFile,
    commit: (repository, files, branch = 'main') => commitFiles(at(`hosts/${repository}.git`), files, branch),
    tag: (repository, name, commit) => void git(['--git-dir', at(`hosts/${repository}.git`), 'update-ref', `refs/tags/${name}`, commit]),
    configure(more) {
      mkdirSync(dirname(configFile), { recursive: true })
      writeFileSync(configFile, `mirrors:\n  github.com: "${url}/github.com/{path}.git"\n${more}`)
    },
    stored() {
      const store = at('home/.local/share/micro/store')
      return existsSync(store) ? readdirSync(store) : []
    },
    unplug,
  }
  self.configure('')
  return self
}

function commitFiles(repository: string, files: Readonly<Record<string, string>>, branch: string): string {
  if (!existsSync(repository)) {
    mkdirSync(dirname(repository), { recursive: true })
    git(['init', '--quiet', '--bare', '--initial-branch=main', repository])
  }
  const tip = git(['--git-dir', repository, 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`])
  const by = 'Alice <alice@example.com> 1700000000 +0000'
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`
  const changes = Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`)
  const from = tip === '' ? '' : `from ${tip}\n`
  const stream = `commit refs/heads/${branch}\nauthor ${by}\ncommitter ${by}\n${data('A commit')}${from}deleteall\n${changes.join('')}\n`
  git(['--git-dir', repository, 'fast-import', '--quiet', '--force'], stream)
  return git(['--git-dir', repository, 'rev-parse', `refs/heads/${branch}`])
}

function git(args: readonly string[], input = ''): string {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }
  const { status, stdout, stderr } = spawnSync('git', args, { env, input, encoding: 'utf8' })
  if (status !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr}`)
  return stdout.trimEnd()
}

// What is in the store is read-only, folders included.
function makeWritable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) makeWritable(join(folder, entry.name))
}

/** A manifest of one service type, for tests that never start it. */
export function manifestOf(uri: string, type: string): string {
  return `plugins:\n  - uri: ${uri}\n    name: ${type}\n    description: A test\n    api: ^1\n    capabilities: [net]\n    service:\n      type: ${type}\n      drivers: { native: { command: ${type} } }\n`
}

/** The text of a file, or undefined when there is none. */
export function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
