import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import type { BuildFailure, Message, OnLoadResult, Plugin as BundlerPlugin } from 'esbuild'
import type { AddedPlugin } from './added-plugins.js'
import { buildErrors, type BuildProblem } from './errors.js'
import { fileOfExport, findPackage } from './packages.js'

/** What to bundle. */
export interface BundleOptions {
  readonly service: string
  /** The absolute folder with `main.ts`. */
  readonly folder: string
  /** The absolute folder that `main.js` and its source map go to. */
  readonly outFolder: string
  /** What goes into the service's list of plugins besides its own `plugins.ts`. */
  readonly plugins: readonly AddedPlugin[]
  /** Where our own packages are looked for when the service does not have them. */
  readonly packageFolders: readonly string[]
  /** For what the service's own list imports from git, by the absolute path that is written there: the file in the store. */
  readonly stored?: ReadonlyMap<string, string>
}

/** What was bundled. */
export interface Bundle {
  /** `<outFolder>/main.js`: self-contained but for Node's built-ins; its source map is beside it, and a package.json that says that it is an ES module. */
  readonly file: string
  readonly bytes: number
}

/**
 * Bundles a service into one ES module that `node` runs: all packages are in it, types are stripped and not checked.
 *
 * Its `./plugins.js` is replaced by its own list plus `plugins`; of two for the same implementation the service's own counts. The files are replaced
 * at once, when the bundle is whole.
 *
 * @throws MicroError `invalid_argument`/`BUILD_FAILED` with file, line and column, or `failed_precondition`/`PLUGINS_NOT_IMPORTED`
 */
export async function bundleService(options: BundleOptions): Promise<Bundle> {
  const { service, folder, outFolder } = options
  const main = join(folder, 'main.ts')
  if (!existsSync(main)) throw buildErrors.noMain(service, folder)
  if (options.plugins.length > 0 && !(await importsPlugins(main)))
    throw buildErrors.pluginsNotImported(
      service,
      main,
      options.plugins.map(({ manifest }) => manifest.reference),
    )
  // 20 ms and a child process: only those pay who build.
  const { build } = await import('esbuild')
  const file = join(outFolder, 'main.js')
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [main],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: true,
    // Less to read at each start. Names stay: of classes, which logs show, and in stacks without a source map.
    minifyWhitespace: true,
    minifySyntax: true,
    write: false,
    logLevel: 'silent',
    define: { __dirname: 'microDirname', __filename: 'microFilename' },
    plugins: [ownPackages(options.packageFolders), pluginList(main, options.plugins, options.stored), lateBuiltins()],
  }).catch((error: unknown) => {
    throw isBuildFailure(error)
      ? buildErrors.failed(
          service,
          error.errors.map((message) => toProblem(message, folder)),
          error,
        )
      : error
  })
  await mkdir(outFolder, { recursive: true })
  // Wherever it is copied to: without it, Node would guess what kind of module it is, and compile it twice.
  await writeFile(join(outFolder, 'package.json'), '{ "type": "module" }\n')
  let bytes = 0
  for (const { path, text } of outputFiles) {
    const content = path === file ? withCommonJsNames(text) : text
    bytes = path === file ? Buffer.byteLength(content) : bytes
    const temporary = join(outFolder, `.${basename(path)}.${process.pid}`)
    await writeFile(temporary, content)
    await rename(temporary, path)
  }
  return { file, bytes }
}

/** Whether a `main.ts` imports its list of plugins. */
export async function importsPlugins(main: string): Promise<boolean> {
  return /from\s*['"]\.\/plugins\.js['"]/.test(await readFile(main, 'utf8'))
}

const listNamespace = 'micro-plugins'
const ownListImport = 'micro-plugins:own'

/** Replaces the main's `./plugins.js` by a list that is generated. */
function pluginList(main: string, added: readonly AddedPlugin[], stored: ReadonlyMap<string, string> = new Map()): BundlerPlugin {
  const folder = dirname(main)
  const ownList = join(folder, 'plugins.ts')
  return {
    name: 'micro-plugins',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/plugins\.js$/ }, ({ importer }) =>
        resolve(importer) === main ? { path: join(folder, 'plugins.js'), namespace: listNamespace } : undefined,
      )
      onResolve({ filter: /^micro-plugins:own$/ }, () => ({ path: ownList }))
      // Asked for each relative path of the bundle, so only where there is something to say.
      if (stored.size > 0)
        onResolve({ filter: /^\.\.?\// }, ({ importer, path }) => {
          const file = resolve(importer) === ownList ? stored.get(resolve(folder, path)) : undefined
          return file === undefined ? undefined : { path: file }
        })
      onLoad({ filter: /.*/, namespace: listNamespace }, (): OnLoadResult => ({
        contents: listModule(existsSync(ownList), added),
        resolveDir: folder,
        loader: 'js',
      }))
    },
  }
}

/** The text of a list of plugins: its own, and what is added to it. */
export function listModule(hasOwn: boolean, added: readonly AddedPlugin[]): string {
  const entries = added.map(
    ({ manifest, file }) => `  { manifest: ${JSON.stringify(manifest)}, load: () => import(${JSON.stringify(file)}) },`,
  )
  return [
    hasOwn ? `import { plugins as own } from ${JSON.stringify(ownListImport)}` : 'const own = []',
    'const added = [',
    ...entries,
    ']',
    // A word alone means the one that the service lists; of two origins both are wanted.
    'const isSame = (one, { kind, name, reference }) =>',
    '  one.kind === kind && one.name === name && (one.reference === reference || reference === kind + "/" + name)',
    'const isOwn = ({ manifest }) => own.some((entry) => isSame(entry.manifest, manifest))',
    'export const plugins = [...own, ...added.filter((entry) => !isOwn(entry))]',
  ].join('\n')
}

/** Our own packages: as sources from a checkout, else as they were built; from the importer's place, else from `folders`. */
export function ownPackages(folders: readonly string[]): BundlerPlugin {
  return {
    name: 'micro-packages',
    setup({ onResolve }) {
      onResolve({ filter: /^@microts\// }, ({ path, resolveDir }) => {
        const [scope = '', name = '', ...rest] = path.split('/')
        const installed = findPackage(`${scope}/${name}`, [resolveDir, ...folders])
        const file = installed === undefined ? undefined : fileOfExport(installed, ['.', ...rest].join('/'))
        return file === undefined ? undefined : { path: file }
      })
    },
  }
}

const builtinNamespace = 'micro-builtin'

/**
 * Loads Node's own modules when the module that imports them runs. An `import` at the top of the one file would load all of them before anything runs, also for
 * the parts that are themselves imported late: some 10 ms of a small service's start.
 */
export function lateBuiltins(): BundlerPlugin {
  return {
    name: 'micro-builtins',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[a-z_][a-z_:/0-9]*$/ }, ({ path, kind }) =>
        kind === 'import-statement' && isBuiltin(path) ? { path, namespace: builtinNamespace, sideEffects: false } : undefined,
      )
      onLoad({ filter: /.*/, namespace: builtinNamespace }, ({ path }): OnLoadResult => ({
        contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
        loader: 'js',
      }))
    },
  }
}

/** What CommonJS packages expect to be there, on the first line, so that the source map stays true. */
export function withCommonJsNames(text: string): string {
  const names = [
    ...(text.includes('Dynamic require of')
      ? ["import { createRequire as microRequire } from 'node:module'; const require = microRequire(import.meta.url);"]
      : []),
    ...(/\bmicro(Dirname|Filename)\b/.test(text)
      ? [
          "import { fileURLToPath as microPath } from 'node:url'; const microFilename = microPath(import.meta.url), microDirname = microPath(new URL('.', import.meta.url));",
        ]
      : []),
  ]
  return names.join(' ') + text
}

const isBuildFailure = (error: unknown): error is BuildFailure => Array.isArray((error as Partial<BuildFailure> | null)?.errors)

function toProblem({ text, location }: Message, folder: string): BuildProblem {
  if (location === null) return { text }
  return {
    text,
    place: { file: resolve(folder, location.file), line: location.line, column: location.column + 1 },
    lineText: location.lineText,
  }
}
