import { pluginApi, type PluginManifest } from '@microts/core/plugin'
import { generatedMark, hashOf } from './list-file.js'
import { literal, quoted } from './literal.js'

/** An entry of a list, before it is written. */
export interface ListEntry {
  readonly manifest: PluginManifest
  /** What is imported: a package, or a path from the list's folder with `/`. */
  readonly specifier: string
  /** Whether the type checker can be shown the module: it has types, and lies where everyone has it. */
  readonly hasTypes: boolean
}

/** The text of a `plugins.ts`. The same references and entries give the same bytes everywhere. */
export function listText(references: readonly string[], entries: readonly ListEntry[]): string {
  const named = references.length === 0 ? ['// plugins: none'] : references.map((reference) => `// plugin: ${reference}`)
  const list = entries.length === 0 ? '[]' : `[\n${entries.map(entryText).join('')}]`
  const head = [
    `${generatedMark} for plugin API ${pluginApi}. What is listed is in the service, and what micro.yml names besides.`,
    '// `micro run --plugins=<references>` writes it anew, `--plugins=none` empties it. Once edited, it is kept as it is.',
    ...named,
  ].join('\n')
  const code = `import type { PluginEntry } from '@microts/core'\n\nexport const plugins: readonly PluginEntry[] = ${list}\n`
  return `${head}\n// sha256: ${hashOf(`${head}\n${code}`)}\n${code}`
}

function entryText({ manifest, specifier, hasTypes }: ListEntry): string {
  // A literal all the same, for whoever bundles. The type checker is not to look for what has no types, or is not fetched yet.
  const imported = hasTypes ? quoted(specifier) : `${quoted(specifier)} as string`
  const before = '    manifest: '
  return `  {\n${before}${literal(manifest, '    ', before.length)},\n    load: () => import(${imported}),\n  },\n`
}
