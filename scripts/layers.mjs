/**
 * `npm run layers`: what imports what, against .dependency-cruiser.cjs.
 *
 * The cruiser says "no violations" also when it saw no file (a compiler that it does not know, a wrong folder), so the number of
 * modules is a check of its own.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { root } from './files.mjs'

const cruiser = fileURLToPath(new URL('../../bin/dependency-cruise.mjs', import.meta.resolve('dependency-cruiser')))
const config = join(root, '.dependency-cruiser.cjs')
const folders = ['packages', 'plugins', 'service-types', 'examples', 'tests', 'docs']

/**
 * @param {string} cwd the repository
 * @returns {Promise<{ modules: number, dependencies: number, violations: { rule: string, comment: string, from: string, to: string }[] }>}
 */
export async function cruiseLayers(cwd) {
  const present = folders.filter((folder) => existsSync(join(cwd, folder)))
  const args = [cruiser, '--config', config, '--output-type', 'json', ...present]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 256 * 1024 * 1024 }).catch((error) => {
    // Its exit code is the number of violations; without a report, it is a failure of the cruiser itself.
    if (error.stdout?.startsWith('{')) return error
    throw new Error(`dependency-cruiser failed: ${error.stderr || error.message}`, { cause: error })
  })
  const { summary } = JSON.parse(stdout)
  const comments = new Map(summary.ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment]))
  return {
    modules: summary.totalCruised,
    dependencies: summary.totalDependenciesCruised,
    violations: summary.violations.map(({ rule, from, to, cycle }) => ({
      rule: rule.name,
      comment: comments.get(rule.name) ?? '',
      from,
      to: cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> '),
    })),
  }
}

/** @returns {Promise<{ ok: boolean, lines: string[] }>} */
export async function checkLayers() {
  const { modules, dependencies, violations } = await cruiseLayers(root)
  const lines = violations.map(({ rule, comment, from, to }) => `${from} -> ${to}\n    ${rule}: ${comment}`)
  if (modules === 0) lines.push('no module was seen: the rules were not applied to anything')
  return { ok: lines.length === 0, lines: [...lines, `${modules} modules, ${dependencies} imports, ${violations.length} violations`] }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ok, lines } = await checkLayers()
  console.log(lines.join('\n'))
  process.exitCode = ok ? 0 : 1
}
