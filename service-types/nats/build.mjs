/**
 * Builds what is published. `node build.mjs [--out <folder>] [--types]`
 *
 * `nats.js`: the process that the embedded driver starts, one ES module that imports nothing but Node's built-ins. It has no types.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { argv, pid } from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build as bundle } from 'esbuild'

const folder = dirname(fileURLToPath(import.meta.url))

/** @param {{ outDir?: string }} [options] `outDir`: absolute; `dist` of this folder when left out */
export async function build({ outDir = join(folder, 'dist') } = {}) {
  const { outputFiles } = await bundle({
    absWorkingDir: folder,
    entryPoints: { nats: 'src/main.ts' },
    outdir: outDir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    conditions: ['@microts/source'],
    logLevel: 'warning',
    write: false,
  })
  await mkdir(outDir, { recursive: true })
  for (const { path, contents } of outputFiles) {
    // By a name of its own and a rename, so that who starts the file meanwhile finds the old one or the new one.
    await writeFile(`${path}.${pid}`, contents)
    await rename(`${path}.${pid}`, path)
  }
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  const out = argv.indexOf('--out')
  await build(out === -1 ? {} : { outDir: argv[out + 1] })
}
