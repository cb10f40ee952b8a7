import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostPatternText, readPattern, type Pattern } from './pattern.js'

const patternOf = (source: string): Pattern => {
  const read = readPattern(source)
  assert.ok(read.why === undefined, `${source}: ${read.why}`)
  return read.pattern
}

test('readPattern() gives what RegExp gives, for expressions of all its parts and texts of all lengths', () => {
  const atoms = [
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    '[a-c\\]]',
    '\\d',
    '\\.',
    '\\u{1f4be}',
    '💾',
    '\\p{L}',
    '^',
    '$',
    '(?:a|b|)',
    '(ab|a)',
    '()',
  ]
  const signs = ['', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '+?']
  const letters = ['a', 'b', 'c', ']', '1', '.', '💾', '\n', '']
  const seed = Number(process.env['FUZZ_SEED'] ?? 1)
  const random = randomFrom(seed)
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] as string
  const piece = (depth: number): string => {
    const atom = depth > 0 && random() < 0.3 ? `(?:${some(depth - 1)})` : pick(atoms)
    return /^[$^]$/.test(atom) ? atom : atom + pick(signs)
  }
  const some = (depth: number): string =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, () => piece(depth)).join(random() < 0.3 ? '|' : '')

  for (let round = 0; round < 3000; round++) {
    const source = some(2)
    const pattern = patternOf(source)
    const expression = new RegExp(source, 'u')
    for (let times = 0; times < 8; times++) {
      const text = Array.from({ length: Math.floor(random() * 7) }, () => pick(letters)).join('')
      assert.equal(pattern.test(text), expression.test(text), `seed ${seed}: /${source}/u and ${JSON.stringify(text)}`)
    }
  }
})

test('readPattern() takes the patterns that options have', () => {
  const cases = [
    { source: '^[a-z0-9]+(?:[._-][a-z0-9]+)*$', fits: ['a', 'a-b.c_d'], others: ['', 'a--b', '-a', 'A'] },
    { source: '^\\d{1,3}(\\.\\d{1,3}){3}$', fits: ['127.0.0.1'], others: ['127.0.0', '1.2.3.4444'] },
    { source: '^(https?|nats)://[^/\\s]+$', fits: ['http://a', 'nats://b:1'], others: ['ftp://a', 'http://a/b'] },
    { source: '^.{8,}$', fits: ['12345678'], others: ['1234567'] },
  ]

  for (const { source, fits, others } of cases) {
    const pattern = patternOf(source)
    assert.deepEqual([fits.filter((text) => !pattern.test(text)), others.filter((text) => pattern.test(text))], [[], []], source)
  }
})

test('readPattern() makes expressions harmless that RegExp takes years for', () => {
  const startedMs = performance.now()
  for (const source of ['(a+)+$', '^(a|a)*$', '(a|aa)+$', '(.*a){20}$', '^(a?){50}a{50}$', '^(a*)*$', '^((a*)*)*$', 'a*a*a*a*a*a*a*b'])
    assert.equal(patternOf(source).test(`${'a'.repeat(mostPatternText - 1)}!`), false, source)

  const tookMs = performance.now() - startedMs
  assert.ok(tookMs < 10_000, `took ${tookMs} ms`)
})

test('readPattern() refuses what is no expression, what would need more than one character at a time, and what is too large', () => {
  const refused = ['(', '[a', 'a**', '(?=a)', '(?<!a)b', '(?<name>a)', '(a)\\1', '\\bword', '\\ud83d', '((a{100}){100}){100}']
  const empty = ['a{2001}', '(){1000000}', '((){1000}){1000}', '(?:){0,999999999}']

  for (const source of [...refused, ...empty, 'a'.repeat(501)]) assert.notEqual(readPattern(source).why, undefined, source)
})

/** Park and Miller: enough for choosing. */
function randomFrom(seed: number): () => number {
  let state = (seed % 2147483646) + 1
  return () => (state = (state * 48271) % 2147483647) / 2147483647
}
