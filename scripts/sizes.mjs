/**
 * `node scripts/sizes.mjs`: the house's numbers. Sizes of source files (fails over 500 lines), names that say nothing, and `any`.
 *
 * Tests and what is generated are not counted: a table of cases may be long.
 */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { filesBelow, root } from './files.mjs'

const folders = ['packages', 'plugins', 'service-types', 'examples', 'tests', 'bench', 'scripts', 'docs/examples']
const mostLines = 500
// Where good code of this kind stands; a figure beyond is shown, a file beyond `mostLines` fails.
const wanted = { median: 100, p90: 250 }

const bannedFile = /(^|[-./])(utils?|helpers?|common|misc|managers?|impl|base-class)([-./]|$)/
const bannedDeclaration = /^(I[A-Z][a-z]\w*|\w+Impl|Default[A-Z]\w*|Base[A-Z]\w*|Abstract[A-Z]\w*|\w+(Utils?|Helpers?|Manager))$/
const isTest = (path) => path.endsWith('.test.ts')

/** @returns {Promise<{ ok: boolean, lines: string[] }>} */
export async function checkSizes() {
  const files = folders.flatMap((folder) => filesBelow(join(root, folder), (path) => /\.(ts|mjs|cjs)$/.test(path)))
  const problems = files.flatMap(problemsOf)
  const counted = files.filter((file) => !isTest(file) && !file.startsWith('tests/')).map(linesOf)
  const tests = files.filter((file) => isTest(file)).map(linesOf)
  const { median, p90 } = quantiles(counted)
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)
  const figures =
    `${counted.length} source files, lines: median ${median} (aim ${wanted.median}), 90 % below ${p90} (aim ${wanted.p90}), ` +
    `longest ${Math.max(0, ...counted)} (limit ${mostLines}); test lines to source lines ${(sum(tests) / sum(counted)).toFixed(2)}`
  return { ok: problems.length === 0, lines: [...problems, figures] }
}

const linesOf = (file) => readFileSync(join(root, file), 'utf8').split('\n').length - 1

function quantiles(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { median: at(0.5), p90: at(0.9) }
}

function problemsOf(file) {
  const text = readFileSync(join(root, file), 'utf8')
  const problems = []
  const lines = text.split('\n').length - 1
  if (lines > mostLines) problems.push(`${file}: has ${lines} lines, at most ${mostLines} are wanted: split it at its second idea`)
  if (bannedFile.test(basename(file)) || bannedFile.test(`${file.split('/').slice(0, -1).join('/')}/`)) {
    problems.push(`${file}: its name does not say what it does`)
  }
  if (file.endsWith('.ts')) problems.push(...problemsInside(file, text))
  return problems
}

function problemsInside(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true)
  const problems = []
  const where = (node) => `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
  const visit = (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) problems.push(`${where(node)}: \`any\` (wanted: unknown, or the type)`)
    const isNamed = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node)
    if (isNamed && node.name !== undefined && bannedDeclaration.test(node.name.text)) {
      problems.push(`${where(node)}: \`${node.name.text}\` does not say what it is`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return problems
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ok, lines } = await checkSizes()
  console.log(lines.join('\n'))
  process.exitCode = ok ? 0 : 1
}
