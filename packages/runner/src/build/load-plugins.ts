import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PluginEntry } from '@microts/core/plugin'
import type { AddedPlugin } from './added-plugins.js'
import { lateBuiltins, listModule, ownPackages, withCommonJsNames } from './bundle.js'

/**
 * Plugins for this process, as a service's bundle has them: the same files, bundled in the same way, wherever they and what they import come from.
 *
 * @param options `outFolder`: absolute, for the bundle; `packageFolders`: where our own packages are looked for
 */
export async function loadPlugins(
  plugins: readonly AddedPlugin[],
  { outFolder, packageFolders }: { readonly outFolder: string; readonly packageFolders: readonly string[] },
): Promise<readonly PluginEntry[]> {
  const { build } = await import('esbuild')
  // The bundler resolves nothing from a folder that is not there.
  await mkdir(outFolder, { recursive: true })
  const { outputFiles } = await build({
    stdin: { contents: listModule(false, plugins), resolveDir: outFolder, loader: 'js' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    write: false,
    logLevel: 'silent',
    define: { __dirname: 'microDirname', __filename: 'microFilename' },
    plugins: [ownPackages(packageFolders), lateBuiltins()],
  })
  const file = join(outFolder, 'plugins.mjs')
  const temporary = join(outFolder, `.plugins.${process.pid}.mjs`)
  await writeFile(temporary, withCommonJsNames(outputFiles[0]?.text ?? ''))
  await rename(temporary, file)
  const loaded = (await import(pathToFileURL(file).href)) as { readonly plugins: readonly PluginEntry[] }
  return loaded.plugins
}
