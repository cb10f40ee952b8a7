import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'packages/cli/dist')
const bundle = () => execFileSync(process.execPath, [join(root, 'scripts/bundle.mjs')], { encoding: 'utf8' })
const scripts = () => readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'))

test('npm run bundle does nothing when nothing has changed', () => {
  bundle()

  assert.match(bundle(), /^everything is fresh/)
})

test('the bundle of the CLI imports nothing but Node, its own chunks, and esbuild', () => {
  bundle()
  const allowed = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`), 'esbuild'])
  const imported = scripts().flatMap((path) =>
    [
      ...readFileSync(join(dist, path), 'utf8').matchAll(/^(?:import|export)\b[^'"\n]*?from ?["']([^"']+)["']|^import ["']([^"']+)["']/gm),
    ].map((match) => match[1] ?? match[2] ?? ''),
  )

  assert.deepEqual(
    [...new Set(imported)].filter((specifier) => !specifier.startsWith('.') && !allowed.has(specifier)),
    [],
  )
})

test('micro --version loads no command', () => {
  bundle()
  const entry = readFileSync(join(dist, 'main.js'), 'utf8')
  const loaded = new Set<string>()
  const load = (path: string, text: string) => {
    loaded.add(path)
    for (const [, specifier = ''] of text.matchAll(/^import[^'"\n(]*?["'](\.[^"']+)["']/gm)) {
      const next = join(path, '..', specifier)
      if (!loaded.has(next)) load(next, readFileSync(join(dist, next), 'utf8'))
    }
  }
  load('main.js', entry)

  assert.deepEqual(
    [...loaded].filter((path) =>
      /chunks\/(up|run|build|new|call|services|describe|ps|logs|down|init|plugin|add|list|install|verify|trust)-/.test(path),
    ),
    [],
  )
})
