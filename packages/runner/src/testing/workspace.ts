import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestContext } from 'node:test'
import { build } from 'esbuild'
import type { Environment } from '../project/find.js'
import type { RunTools } from '../run/run.js'
import { startOf } from '../process/platform.js'

/** A folder that goes when its test ends. */
export interface Workspace {
  /** Real and absolute. */
  readonly folder: string
  /** An environment with a runtime folder of its own, so that tests know nothing of each other's runs. */
  readonly env: Environment
  /** Writes a file below the folder and gives its absolute path. */
  write(path: string, text: string): string
  read(path: string): string
}

/** Makes a {@link Workspace}. `files`: path to text. */
export function workspace(context: Pick<TestContext, 'after'>, files: Readonly<Record<string, string>> = {}): Workspace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'micro-runner-test-')))
  context.after(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }))
  const folder = join(root, 'project')
  mkdirSync(join(root, 'runtime'), { mode: 0o700 })
  mkdirSync(join(root, 'tmp'))
  const write = (path: string, text: string) => {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }
  mkdirSync(folder)
  for (const [path, text] of Object.entries(files)) write(path, text)
  return {
    folder,
    env: { PATH: process.env['PATH'], HOME: root, XDG_RUNTIME_DIR: join(root, 'runtime') },
    write,
    read: (path) => readFileSync(join(folder, path), 'utf8'),
  }
}

/** Bundles our own programs, as the CLI ships them, into a folder that goes when the test ends. */
export async function bundledTools(context: Pick<TestContext, 'after'>): Promise<RunTools> {
  const folder = mkdtempSync(join(tmpdir(), 'micro-runner-tools-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const source = (name: string) => fileURLToPath(new URL(`../process/${name}.ts`, import.meta.url))
  await build({
    entryPoints: { watchdog: source('watchdog'), broker: source('broker') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@microts/source'],
  })
  return { watchdog: join(folder, 'watchdog.mjs'), broker: join(folder, 'broker.mjs') }
}

/** The processes that have `text` in their command line or environment. Linux only. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter(
      (pid) =>
        startOf(pid) !== undefined && [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].some((file) => readOrEmpty(file).includes(text)),
    )
}

/** Resolves when `isSo` is true; rejects after `withinMs`. For what another process does, in real time. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const untilMs = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > untilMs) throw new Error(`not so within ${withinMs} ms: ${isSo.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // it has ended
  }
}
