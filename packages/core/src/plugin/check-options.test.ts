import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkOptions } from './check-options.js'
import type { OptionsSchema } from './options.js'

const schema: OptionsSchema = {
  type: 'object',
  required: ['folder'],
  properties: {
    folder: { type: 'string' },
    mode: { type: 'string', enum: ['safe', 'fast'], default: 'safe' },
    password: { type: 'string', pattern: '^.{8,}$', secret: true },
    maxBytes: { type: 'integer', minimum: 1, maximum: 10 },
    hosts: { type: 'array', items: { type: 'string' }, maxItems: 2 },
    tls: { type: 'object', properties: { verify: { type: 'boolean', default: true } } },
  },
}

test('checkOptions() fills in defaults and leaves the given object alone', () => {
  const given = { folder: '/data', tls: {} }

  assert.deepEqual(checkOptions(schema, given), { options: { folder: '/data', mode: 'safe', tls: { verify: true } } })
  assert.deepEqual(given, { folder: '/data', tls: {} })
})

test('checkOptions() tells every issue, with its path, and no secret', () => {
  const { issues } = checkOptions(schema, {
    mode: 'slow',
    password: 'hunter2',
    maxBytes: 11,
    hosts: [1, 2, 3],
    tls: { verify: 'yes' },
    foldr: 1,
  })

  assert.deepEqual(
    issues?.map((issue) => issue.split(':')[0]),
    ['foldr', 'folder', 'mode', 'password', 'maxBytes', 'hosts', 'tls.verify'],
  )
  assert.equal(JSON.stringify(issues).includes('hunter2'), false)
})

test('checkOptions() refuses options where none are taken, and what is no object', () => {
  assert.equal(checkOptions(undefined, { a: 1 }).issues?.length, 1)
  assert.equal(checkOptions(schema, 'x').issues?.length, 1)
  assert.deepEqual(checkOptions(undefined, undefined), { options: {} })
})

const parse = (schema: string) => JSON.parse(schema) as OptionsSchema

test('checkOptions() is not fooled by keys that JavaScript gives a meaning to', () => {
  const { issues } = checkOptions(schema, JSON.parse('{"folder":"/x","__proto__":{"mode":"fast"}}'))
  const inherited = checkOptions(schema, Object.create({ folder: '/x' }))
  const named = checkOptions(parse('{"type":"object","properties":{"constructor":{"type":"string"}}}'), {})
  const own = checkOptions(parse('{"type":"object","properties":{"__proto__":{"type":"object","properties":{},"default":{}}}}'), {})

  assert.equal(issues?.length, 1)
  assert.equal(inherited.issues?.length, 1)
  assert.deepEqual(named, { options: {} })
  assert.equal(Object.getPrototypeOf((own as { options: object }).options), Object.prototype)
})

test('checkOptions() shows no secret, wherever it was written', () => {
  const password = { type: 'string', secret: true, pattern: '^.{8,}$' } as const
  const secrets: OptionsSchema = {
    type: 'object',
    properties: { password, login: { type: 'object', properties: { password } }, keys: { type: 'array', items: password, maxItems: 1 } },
  }
  const misplaced = ['hunter2', { password: 'hunter2' }, { password: ['hunter2'] }, { login: 'hunter2' }, { login: ['hunter2'] }]
  const listed = [{ login: { password: 'hunter2' } }, { keys: 'hunter2' }, { keys: ['hunter2', 'hunter2'] }, { keys: ['hunter2'] }]

  for (const given of [...misplaced, ...listed]) {
    const { issues } = checkOptions(secrets, given)
    assert.equal(issues?.length, 1, JSON.stringify(given))
    assert.equal(JSON.stringify(issues).includes('hunter2'), false, JSON.stringify(given))
  }
})

test('checkOptions() gives defaults that nobody else has', () => {
  const lists: OptionsSchema = { type: 'object', properties: { hosts: { type: 'array', items: { type: 'string' }, default: ['a'] } } }
  const optionsOf = () => checkOptions(lists, {}) as { options: { hosts: string[] } }

  optionsOf().options.hosts.push('b')

  assert.deepEqual(optionsOf().options.hosts, ['a'])
})

test('checkOptions() takes a short time for any text and any pattern, and shows little of what it refuses', () => {
  const patterned: OptionsSchema = {
    type: 'object',
    properties: { name: { type: 'string', pattern: '(a+)+$' }, list: { type: 'boolean' } },
  }
  const circle: unknown[] = []
  circle.push(circle)
  const given = [
    { name: `${'a'.repeat(4000)}!` },
    { name: 'a'.repeat(10_000_000) },
    { list: 'x'.repeat(100_000) },
    { list: circle },
    { list: 1n },
  ]

  for (const one of given) {
    const { issues } = checkOptions(patterned, one)
    assert.equal(issues?.length, 1)
    assert.ok((issues[0]?.length ?? 0) < 300, issues[0])
  }
})
