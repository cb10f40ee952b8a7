/** TypeScript's own output of every package that ships: one program for all, so that types are checked once. */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { filesBelow, root, writeWhole } from './files.mjs'

/**
 * Writes `<package>/src/a/b.ts` as `<out>/<package>/dist/a/b.{js,js.map,d.ts}`. Tests, their fixtures and a package's own test
 * kit (src/testing, where it is no published front door) are left out; suites (conformance.ts) ship.
 *
 * @param {string[]} packages folders, relative to the root
 * @param {string} out absolute
 * @throws {Error} with every type error, when there is one
 */
export function emitPackages(packages, out) {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.base.json'),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail },
  )
  if (config === undefined) throw new Error('tsconfig.base.json cannot be read')
  const options = {
    ...config.options,
    rootDir: root,
    outDir: out,
    noEmit: false,
    declaration: true,
    sourceMap: true,
    inlineSources: true,
    newLine: ts.NewLineKind.LineFeed,
  }
  const sources = packages.flatMap((folder) => {
    const { exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const isForTests = exports?.['./testing']?.default !== undefined ? /\.(test|fixture)\.ts$/ : /\.(test|fixture)\.ts$|\/src\/testing\//
    return filesBelow(join(root, folder, 'src'), (path) => path.endsWith('.ts') && !isForTests.test(path))
  })
  const program = ts.createProgram(
    sources.map((file) => join(root, file)),
    options,
  )
  const problems = ts.getPreEmitDiagnostics(program)
  if (problems.length > 0) fail(...problems)
  const wanted = new Set(sources)
  program.emit(undefined, (path, text, _mark, _onError, from) => {
    const source = relative(root, from?.[0]?.fileName ?? '')
    if (!wanted.has(source)) return // a file that another package imports, and that is emitted there
    const target = join(out, relative(out, path).replace(/^((?:[^/]+\/)+?)src\//, '$1dist/'))
    writeWhole(target, path.endsWith('.map') ? withPlaceInPackage(text, source) : text)
  })
}

/** The source lies in the map itself; its name is where it would lie beside dist/, so that a stack trace shows no folder of this machine. */
function withPlaceInPackage(map, source) {
  const inPackage = source.slice(source.indexOf('src/'))
  const up = '../'.repeat(inPackage.split('/').length - 1)
  return JSON.stringify({ ...JSON.parse(map), sources: [`${up}${inPackage}`] })
}

function fail(...problems) {
  const host = { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => '\n' }
  throw new Error(`types: ${problems.length} errors\n${ts.formatDiagnostics(problems, host)}`)
}
