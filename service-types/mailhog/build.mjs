/**
 * Builds what is published. `node build.mjs [--out <folder>] [--types]`
 *
 * `mailhog.js`: the process that the embedded driver starts, one ES module that imports nothing but Node's built-ins.
 * `index.js`: the same catcher, to be run inside another program. With `--types`, its declarations too, which take a second longer.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { argv, pid } from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build as bundle } from 'esbuild'

const folder = dirname(fileURLToPath(import.meta.url))

/**
 * @param {{ outDir?: string, types?: boolean }} [options] `outDir`: absolute; `dist` of this folder when left out
 */
export async function build({ outDir = join(folder, 'dist'), types = false } = {}) {
  const { outputFiles } = await bundle({
    absWorkingDir: folder,
    entryPoints: { mailhog: 'src/main.ts', index: 'src/index.ts' },
    outdir: outDir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    conditions: ['@microts/source'],
    // CommonJS dependencies ask for Node's built-ins with `require`, which an ES module does not have.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'\nconst require = createRequireOfBundle(import.meta.url)",
    },
    legalComments: 'eof',
    logLevel: 'warning',
    write: false,
    plugins: [pageAsStrings],
  })
  await mkdir(outDir, { recursive: true })
  await Promise.all(outputFiles.map(({ path, contents }) => writeWhole(path, contents)))
  if (types) await declare(outDir)
}

/** By a name of its own and a rename, so that who starts the file meanwhile finds the old one or the new one. */
async function writeWhole(path, contents) {
  await writeFile(`${path}.${pid}`, contents)
  await rename(`${path}.${pid}`, path)
}

/** Puts the page's files into the bundle: src/page/assets.ts reads them from beside itself, where a bundle has none. */
const pageAsStrings = {
  name: 'page-as-strings',
  setup(bundling) {
    bundling.onLoad({ filter: /[\\/]page[\\/]assets\.ts$/ }, async ({ path }) => {
      const read = (name) => readFile(join(dirname(path), name), 'utf8')
      const [html, style, script] = await Promise.all([read('index.html'), read('style.css'), read('page.js')])
      return { contents: `export const readPageAssets = () => (${JSON.stringify({ html, style, script })})`, loader: 'js' }
    })
  },
}

async function declare(outDir) {
  const { default: ts } = await import('typescript')
  const { config } = ts.readConfigFile(join(folder, '../../tsconfig.base.json'), ts.sys.readFile)
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
  // Only what index.ts names; the rest of the program is inside the bundle.
  for (const name of ['index', 'mail-catcher', 'mail', 'mailbox']) {
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
