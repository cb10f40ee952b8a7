/**
 * Builds what is published. `node build.mjs [--out <folder>] [--types]`
 *
 * `index.js`: the plugin with the client library inside, one ES module that imports `@microts/core` and Node's built-ins. So nobody installs the
 * client besides. `licenses.txt`: those of what is inside. With `--types`, its declarations too.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { argv, pid } from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build as bundle } from 'esbuild'

const folder = dirname(fileURLToPath(import.meta.url))

/** @param {{ outDir?: string, types?: boolean }} [options] `outDir`: absolute; `dist` of this folder when left out */
export async function build({ outDir = join(folder, 'dist'), types = false } = {}) {
  const { outputFiles, metafile } = await bundle({
    absWorkingDir: folder,
    entryPoints: { index: 'src/index.ts' },
    outdir: outDir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // The service that uses the plugin has it, and shares it.
    external: ['@microts/core'],
    // The client is CommonJS, which asks for Node's built-ins with `require`; an ES module does not have that.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'\nconst require = createRequireOfBundle(import.meta.url)",
    },
    metafile: true,
    logLevel: 'warning',
    write: false,
  })
  await mkdir(outDir, { recursive: true })
  for (const { path, contents } of outputFiles) await writeWhole(path, contents)
  await writeWhole(join(outDir, 'licenses.txt'), await licensesOf(Object.keys(metafile.inputs)))
  if (types) await declare(outDir)
}

/** By a name of its own and a rename, so that who reads the file meanwhile finds the old one or the new one. */
async function writeWhole(path, contents) {
  await writeFile(`${path}.${pid}`, contents)
  await rename(`${path}.${pid}`, path)
}

/** @param {string[]} inputs files of the bundle, relative to this folder */
async function licensesOf(inputs) {
  const packages = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []))
  const texts = [...packages].sort().map(async (path) => {
    const { name, version } = JSON.parse(await readFile(join(folder, path, 'package.json'), 'utf8'))
    return `${name} ${version}\n\n${await readFile(join(folder, path, 'LICENSE'), 'utf8')}`
  })
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n`)
}

async function declare(outDir) {
  const { default: ts } = await import('typescript')
  const { config } = ts.readConfigFile(join(folder, '../../../tsconfig.base.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, folder)
  const wanted = {
    ...options,
    rootDir: join(folder, 'src'),
    outDir,
    declaration: true,
    emitDeclarationOnly: true,
    sourceMap: false,
    noEmit: false,
  }
  const program = ts.createProgram([join(folder, 'src/index.ts')], wanted)
  // Only what index.ts names; the rest is inside the bundle.
  for (const name of ['index', 'login', 'rabbitmq-broker']) {
    const { emitSkipped, diagnostics } = program.emit(program.getSourceFile(join(folder, `src/${name}.ts`)))
    if (emitSkipped)
      throw new Error(
        ts.formatDiagnostics(diagnostics, {
          getCanonicalFileName: (path) => path,
          getCurrentDirectory: () => folder,
          getNewLine: () => '\n',
        }),
      )
  }
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  const out = argv.indexOf('--out')
  await build({ ...(out !== -1 && { outDir: argv[out + 1] }), types: argv.includes('--types') })
}
