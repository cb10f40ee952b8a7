/**
 * `npm run docs`: writes what is generated from the code: docs/api (a page for each front door), docs/errors.md, micro.plugin.yml.
 * With `--check` nothing is written, and what is not up to date fails.
 *
 * Also fails when an export of a front door has no doc comment (at least 95 % must have one), and when an error breaks its rules.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { apiPages } from './docs-api.mjs'
import { errorsPage } from './docs-errors.mjs'
import { pluginManifest } from './docs-manifest.mjs'
import { filesBelow, root, writeWhole } from './files.mjs'

/** @returns {Promise<{ files: Map<string, string>, problems: string[], notes: string[] }>} path relative to the root -> text */
async function generate() {
  const parts = [errorsPage(), pluginManifest(), await apiPages()]
  return {
    files: new Map(parts.flatMap(({ files }) => [...files])),
    problems: parts.flatMap(({ problems }) => problems),
    notes: parts.flatMap(({ notes }) => notes),
  }
}

async function main(isCheck) {
  const { files, problems, notes } = await generate()
  const readNow = (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined)
  const changed = [...files].filter(([path, text]) => readNow(path) !== text).map(([path]) => path)
  const surplus = filesBelow(join(root, 'docs/api'), (path) => path.endsWith('.md')).filter((path) => !files.has(path))
  if (isCheck) {
    for (const path of changed) problems.push(`${path}: is not what the code says: \`npm run docs\` writes it`)
    for (const path of surplus) problems.push(`${path}: has no front door any more: \`npm run docs\` removes it`)
  } else {
    for (const path of changed) writeWhole(join(root, path), files.get(path))
    for (const path of surplus) rmSync(join(root, path))
    notes.push(`${files.size} files, ${changed.length} written, ${surplus.length} removed`)
  }
  console.log([...problems, ...notes].join('\n'))
  return problems.length === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.includes('--check'))
