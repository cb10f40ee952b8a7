import { chmodSync, readFileSync, readdirSync } from 'node:fs'
import { cp, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root. */
export const root = resolve(fileURLToPath(new URL('../..', import.meta.url)))

/** A place of its own for one test: what runs in it sees no other run, and everything that it leaves can be found. */
export interface Sandbox {
  /** Empty at first; gone at the end. */
  readonly folder: string
  /** What child processes get: a home, a runtime folder and a temporary folder of their own, by which they are found. */
  readonly env: Readonly<Record<string, string>>
  /** Copies a project of the repository to `<folder>/<name>`, without what a run has written into it; it finds the repository's packages. Gives the copy's path. */
  copyProject(source: string, name: string): Promise<string>
  /** Live processes that have this environment: `pid command`. */
  processes(): string[]
  /** Files in the runtime folder and the temporary folder. */
  files(): string[]
  /** Ends what still runs, and removes the folder. */
  remove(): Promise<void>
}

/** Makes a sandbox. */
export async function makeSandbox(): Promise<Sandbox> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'micro-test-')))
  const places = { HOME: join(folder, 'home'), XDG_RUNTIME_DIR: join(folder, 'run'), TMPDIR: join(folder, 'tmp') }
  for (const place of Object.values(places)) await mkdir(place, { mode: 0o700 })
  const { PATH = '', CI, npm_config_registry: registry } = process.env
  const env = {
    ...places,
    PATH,
    NO_COLOR: '1',
    ...(CI === undefined ? {} : { CI }),
    ...(registry === undefined ? {} : { npm_config_registry: registry }),
  }

  return {
    folder,
    env,
    async copyProject(source, name) {
      const target = join(folder, name)
      await cp(join(root, source), target, { recursive: true, filter: (path) => !/\/(?:\.micro|node_modules|dist)$/.test(path) })
      await symlink(join(root, 'node_modules'), join(folder, 'node_modules')).catch(() => {}) // It is there from the copy before.
      return target
    },
    processes: () => processesOf(folder),
    files: () => [places.XDG_RUNTIME_DIR, places.TMPDIR].flatMap((place) => filesBelow(place)),
    async remove() {
      for (const line of processesOf(folder)) killQuietly(Number.parseInt(line, 10))
      await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EACCES') throw error
        makeWritable(folder)
        await rm(folder, { recursive: true, force: true, maxRetries: 3 })
      })
    },
  }
}

function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) =>
      readProc(pid, 'environ').includes(folder) && !isZombie(pid) ? [`${pid} ${readProc(pid, 'cmdline').replaceAll('\0', ' ')}`] : [],
    )
}

function isZombie(pid: string): boolean {
  return / Z /.test(readProc(pid, 'stat').replace(/\(.*\)/, ''))
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    // It has ended since it was listed.
    return ''
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

/** Micro's store is read-only, and only root removes what is in a folder that he may not write to. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o700)
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) makeWritable(join(folder, entry.name))
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
