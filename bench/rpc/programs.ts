/** The programs of this bench as a user would run them: bundled, without a compiler in the process. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Programs } from './child.js'
import { peersFolder } from './install.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const recordsCodec = fileURLToPath(new URL('../../plugins/codec/msgpack/src/index.ts', import.meta.url))

/** Bundles them into a folder of its own, which sees the packages of bench/peers; `close` removes it. */
export async function buildPrograms(): Promise<Programs & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'micro-bench-'))
  // Whoever ends the bench early leaves nothing behind either; its children end with it.
  const stop = (signal: NodeJS.Signals) => {
    rmSync(folder, { recursive: true, force: true })
    process.kill(process.pid, signal)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const close = () => {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    return rm(folder, { recursive: true, force: true })
  }
  try {
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await symlink(join(peersFolder, 'node_modules'), join(folder, 'node_modules'), 'junction')
    const peers = readdirSync(join(here, 'peers')).map((name) => `peers/${name}`)
    const entries = ['process.ts', 'local.ts', ...peers].map((name) => ({ in: join(here, name), out: name.replace(/\.ts$/, '') }))
    // Found by the peer that uses it, once the repository has it.
    const records = existsSync(recordsCodec) ? [{ in: recordsCodec, out: 'codec-msgpack' }] : []
    await build({
      absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
      entryPoints: [...entries, ...records],
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      conditions: ['@microts/source'],
      logLevel: 'silent',
    })
  } catch (error) {
    await close()
    throw error
  }
  return { folder, env: { ...cleanEnvironment(), BENCH_FOLDER: folder }, close }
}

/** What the developer's shell says of Node and Micro must not decide what is measured. */
function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name, value]) => value !== undefined && !/^(NODE_|MICRO_|npm_)/.test(name))
  return Object.fromEntries(entries) as Record<string, string>
}
