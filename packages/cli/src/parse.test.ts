import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from './command.js'
import { parse } from './parse.js'

const command: Command = {
  name: 'call',
  summary: 'Calls.',
  examples: ['micro call orders Orders.Place'],
  arguments: [
    { name: '<service>', description: 'a service' },
    { name: '[rest...]', description: 'more' },
  ],
  options: [
    { flags: '-t, --timeout <ms>', description: 'time' },
    { flags: '--prefer <driver>', description: 'driver', choices: ['embedded', 'docker'] },
    { flags: '--dry-run', description: 'look only' },
    { flags: '--trust <source>', description: 'trust', isRepeated: true },
    { flags: '--quiet-one <x>', description: 'hidden', isHidden: true },
  ],
  async run() {},
}

const invocationOf = (...words: string[]) => {
  const parsed = parse(command, words)
  return 'invocation' in parsed ? parsed.invocation : assert.fail('it gave help')
}

test('parse() gives arguments in order and options by their long names', () => {
  const { arguments: given, options } = invocationOf('orders', '--timeout', '5', 'a', '--dry-run', 'b')

  assert.deepEqual(given, ['orders', ['a', 'b']])
  assert.equal(options['timeout'], '5')
  assert.equal(options['dryRun'], true)
})

test('parse() gives all values of an option that is repeated, and leaves the words behind it alone', () => {
  const { arguments: given, options } = invocationOf('--trust', 'a,b', 'orders', '--trust=c', 'rest')

  assert.deepEqual(options['trust'], ['a,b', 'c'])
  assert.deepEqual(given, ['orders', ['rest']])
  assert.equal(invocationOf('orders').options['trust'], undefined)
})

test('parse() passes over the word that says nothing, right behind the command and nowhere else', () => {
  const argumentsOf = (...words: string[]) => {
    const parsed = parse({ ...command, idleWord: 'service' }, words)
    return 'invocation' in parsed ? parsed.invocation.arguments : assert.fail(parsed.help)
  }

  assert.deepEqual(argumentsOf('service', 'orders'), ['orders', []])
  assert.deepEqual(argumentsOf('--json', 'service', 'orders', 'service'), ['orders', ['service']])
  assert.deepEqual(argumentsOf('--timeout', 'service', 'orders'), ['orders', []])
  assert.deepEqual(argumentsOf('./service'), ['./service', []])
  assert.throws(() => argumentsOf('service'), { code: 'invalid_argument', reason: 'USAGE' })
})

test('parse() takes an option that the help does not show', () => {
  const parsed = parse(command, ['--help'])

  assert.equal(invocationOf('orders', '--quiet-one=x').options['quietOne'], 'x')
  assert.ok('help' in parsed && !parsed.help.includes('quiet-one'))
})

test('parse() takes what follows -- as arguments', () => {
  assert.deepEqual(invocationOf('orders', '--', '--timeout').arguments, ['orders', ['--timeout']])
})

test('parse() refuses an unknown option with the nearest one, a missing argument, and a word that is no choice', () => {
  const usage = { code: 'invalid_argument', reason: 'USAGE' }

  assert.throws(() => parse(command, ['orders', '--timeuot', '5']), { ...usage, message: /--timeout/ })
  assert.throws(() => parse(command, []), { ...usage, message: /service/ })
  assert.throws(() => parse(command, ['orders', '--prefer', 'podman']), { ...usage, message: /embedded/ })
  assert.throws(() => parse(command, ['orders', '--timeout']), usage)
})

test('parse() gives a help that begins with an example', () => {
  const parsed = parse(command, ['--help'])

  assert.ok('help' in parsed)
  assert.match(parsed.help, /^Examples:\n {2}micro call orders Orders\.Place\n/)
  assert.match(parsed.help, /--timeout <ms>/)
})
