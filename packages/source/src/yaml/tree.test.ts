import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryOf, readTree as read } from './tree.js'

const readTree = (text: string, author: 'user' | 'stranger' = 'user') => read(text, 'f.yml', { mostBytes: 1024 * 1024, author })

test('readTree() keeps the place of each key and value', () => {
  const { tree, mistakes } = readTree('a:\n  b: [1, x]\n')

  assert.deepEqual(mistakes, [])
  const b = entryOf(entryOf(tree, 'a')?.value, 'b')
  assert.deepEqual(b?.keyPlace, { file: 'f.yml', line: 2, column: 3 })
  assert.equal(b?.value.is, 'list')
  assert.deepEqual(b?.value.is === 'list' && b.value.items[1]?.place, { file: 'f.yml', line: 2, column: 10 })
})

test('readTree() keeps a number as it is written', () => {
  const { tree } = readTree('v: 1.10')

  const leaf = entryOf(tree, 'v')?.value
  assert.equal(leaf?.is === 'leaf' && leaf.text, '1.10')
})

test('readTree() takes no for a word, and a file with byte order mark and CRLF', () => {
  const { tree, mistakes } = readTree('\uFEFFa: no\r\nb: 2\r\n')

  const leaf = entryOf(tree, 'a')?.value
  assert.equal(leaf?.is === 'leaf' && leaf.value, 'no')
  assert.deepEqual(mistakes, [])
})

const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...'bcdefg'.split('').map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdef'[index]}`).join()}]`),
].join('\n')

const refused: Readonly<Record<string, { readonly text: string; readonly reason: string; readonly line: number }>> = {
  'a key that stands twice': { text: 'x: 1\ny: 2\nx: 3\n', reason: 'DUPLICATE_KEY', line: 3 },
  'a merge key': { text: 'a: &a {b: 1}\nc: {<<: *a}\n', reason: 'YAML_MERGE_KEY', line: 2 },
  'more aliases than 100': { text: bomb, reason: 'YAML_LIMIT', line: 3 },
  'an alias of what it is in': { text: 'a: &a {b: *a}', reason: 'YAML_LIMIT', line: 1 },
  'brackets beyond 50 levels': { text: '['.repeat(100_000), reason: 'YAML_LIMIT', line: 1 },
  'dashes beyond 50 levels': { text: '- '.repeat(100_000), reason: 'YAML_LIMIT', line: 1 },
  'more than 20 000 values': {
    text: Array.from({ length: 60_000 }, (_, index) => `k${index}: v`).join('\n'),
    reason: 'YAML_LIMIT',
    line: 20_002,
  },
  'a tag of JavaScript': { text: 'a: !!js/function x', reason: 'YAML_SYNTAX', line: 1 },
  'a tab as indentation': { text: 'a:\n\tb: 1', reason: 'YAML_SYNTAX', line: 2 },
  'a quote that is not closed': { text: 'a: 1\nb: "x', reason: 'YAML_SYNTAX', line: 2 },
  'a NUL byte': { text: 'a: 1\nb: "\0"', reason: 'YAML_SYNTAX', line: 2 },
  'a list as a key': { text: '? [a]\n: b', reason: 'YAML_KEY', line: 1 },
  'two documents': { text: 'a: 1\n---\nb: 1', reason: 'YAML_SYNTAX', line: 2 },
}

for (const [what, { text, reason, line }] of Object.entries(refused))
  test(`readTree() refuses ${what}, with its line`, () => {
    const { mistakes } = readTree(text)

    assert.equal(mistakes[0]?.reason, reason)
    assert.equal(mistakes[0]?.place.line, line)
    assert.ok((mistakes[0]?.place.column ?? 0) >= 1)
  })

test('readTree() refuses more than 1 MiB without reading it', () => {
  const { tree, mistakes } = readTree(`a: ${'x'.repeat(1024 * 1024)}`)

  assert.equal(tree, undefined)
  assert.equal(mistakes[0]?.reason, 'YAML_TOO_LARGE')
})

test('readTree() makes an object of nothing: __proto__ is an entry like others', () => {
  const { tree } = readTree('__proto__: { polluted: true }')

  assert.equal(entryOf(tree, '__proto__')?.key, '__proto__')
  assert.equal(({} as { polluted?: boolean }).polluted, undefined)
})

const refusedOfStrangers: Readonly<Record<string, { readonly text: string; readonly reason: string; readonly line: number }>> = {
  'a key that JavaScript gives a meaning': { text: 'a: 1\n__proto__: { polluted: true }', reason: 'UNSAFE_KEY', line: 2 },
  'such a key behind an escape': { text: 'a: 1\n"__proto\\u005f_": 1', reason: 'UNSAFE_KEY', line: 2 },
  'a merge key': { text: 'a: &a {b: 1}\nc: {<<: *a}\n', reason: 'UNSAFE_KEY', line: 2 },
  'more aliases than 20': { text: `a: &a x\nb: [${Array(21).fill('*a').join()}]`, reason: 'YAML_LIMIT', line: 2 },
  'a text that a terminal obeys': { text: 'a:\n  - "\\e[2J"', reason: 'CONTROL_CHARACTER', line: 2 },
  'a key that a terminal obeys': { text: '"\\e[2J": 1', reason: 'CONTROL_CHARACTER', line: 1 },
  'a text that turns the direction of its line around': { text: 'a: x\u202ey', reason: 'CONTROL_CHARACTER', line: 1 },
}

for (const [what, { text, reason, line }] of Object.entries(refusedOfStrangers))
  test(`readTree() refuses ${what} when a stranger wrote it, with its line`, () => {
    const { mistakes } = readTree(text, 'stranger')

    assert.deepEqual(
      mistakes.map((mistake) => [mistake.reason, mistake.place.line]),
      [[reason, line]],
    )
  })

test('readTree() lets a stranger write more than one line', () => {
  assert.deepEqual(readTree('a: |\n  one\n  two\n', 'stranger').mistakes, [])
})

test("readTree() shows of a stranger's key what a terminal would obey, and of a user's the letters that it has", () => {
  assert.match(readTree('ü: 1\nü: 2', 'stranger').mistakes[0]?.message ?? '', /u\{fc\}/)
  assert.match(readTree('ü: 1\nü: 2').mistakes[0]?.message ?? '', /"ü"/)
})
