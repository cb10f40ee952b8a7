import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flagsSource, parseFlags } from './flags.js'

const treeOf = (...argv: string[]) => parseFlags(argv).tree

test('parseFlags() reads paths, values and switches', () => {
  const tree = treeOf('--database.host=x', '--verbose', '--no-colour', '--port', '8080', '--pool-size=5', '--url=a=b', '--empty=')

  assert.deepEqual(tree, { database: { host: 'x' }, verbose: true, colour: false, port: 8080, poolSize: 5, url: 'a=b', empty: '' })
})

test('parseFlags() takes the next argument as a value unless it begins with "--"', () => {
  assert.deepEqual(treeOf('--broker', 'nats', '--offset', '-5', '--verbose', '--a=1', '--last'), {
    broker: 'nats',
    offset: -5,
    verbose: true,
    a: 1,
    last: true,
  })
})

test('parseFlags() makes a list of a flag that is there several times', () => {
  assert.deepEqual(treeOf('--tag=a', '--tag=b', '--tag', '3', '--one=[1]'), { tag: ['a', 'b', 3], one: [1] })
})

test('parseFlags() keeps a flag whose path is the beginning of another', () => {
  assert.deepEqual(treeOf('--database.host=y', '--database=x'), { database: { _: 'x', host: 'y' } })
})

test('parseFlags() hands back whatever is no flag', () => {
  const { tree, rest } = parseFlags(['up', '--a=1', './shop', '--no-b', 'x', '-v', '--', '--c=2', '--'])

  assert.deepEqual(tree, { a: 1, b: false })
  assert.deepEqual(rest, ['up', './shop', 'x', '-v', '--c=2', '--'])
})

test('parseFlags() refuses a name that leads nowhere, a value after --no-x, and two flags for one setting', () => {
  const wrong = [['--=1'], ['--no-'], ['--a..b=1'], ['--__proto__.polluted=1'], ['--no-a=1'], ['--a={"b":1}', '--a.b=2']]
  for (const argv of wrong) assert.throws(() => parseFlags(argv), { code: 'invalid_argument', reason: 'FLAG_INVALID' }, argv.join(' '))
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

test('flagsSource() refuses an argument that nobody would see', async () => {
  assert.deepEqual(await flagsSource(['--a=1']).load(), { a: 1 })
  await assert.rejects(flagsSource(['--a=1', 'stray']).load(), { code: 'invalid_argument', reason: 'FLAG_INVALID' })
})
