import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkOptionsSchema } from './check-schema.js'
import type { OptionSchema, OptionsSchema } from './options.js'

const withOption = (option: unknown) => ({ type: 'object', properties: { one: option } })
const placesOf = (schema: unknown) => checkOptionsSchema(schema).map(({ path }) => path.join('.'))

test('checkOptionsSchema() finds nothing in a schema that uses all of the subset', () => {
  const options: Record<string, OptionSchema> = {
    text: { type: 'string', title: 'Text', description: 'A text.', default: 'a-b', pattern: '^[a-z-]+$' },
    mode: { type: 'string', enum: ['safe', 'fast'], default: 'fast' },
    password: { type: 'string', secret: true },
    count: { type: 'integer', minimum: 1, maximum: 10, default: 10 },
    share: { type: 'number', minimum: 0.5, default: 0.75 },
    isOn: { type: 'boolean', default: false },
    hosts: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2, default: ['a'] },
    tls: {
      type: 'object',
      properties: { verify: { type: 'boolean' } },
      required: ['verify'],
      additionalProperties: false,
      default: { verify: true },
    },
  }
  const schema: OptionsSchema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    title: 'Options',
    properties: options,
    required: ['text'],
    additionalProperties: false,
  }

  assert.deepEqual(checkOptionsSchema(schema), [])
  assert.deepEqual(checkOptionsSchema({ type: 'object', properties: {} }), [])
  assert.deepEqual(checkOptionsSchema(JSON.parse('{"type":"object","properties":{"constructor":{"type":"string"}}}')), [])
})

test('checkOptionsSchema() tells where a schema leaves the subset', () => {
  const cases: readonly [unknown, string][] = [
    [undefined, ''],
    [[], ''],
    ['object', ''],
    [{ type: 'string' }, 'type'],
    [{ properties: {} }, 'type'],
    [{ type: 'object' }, 'properties'],
    [{ type: 'object', properties: [] }, 'properties'],
    [{ type: 'object', properties: {}, default: {} }, 'default'],
    [{ type: 'object', properties: {}, $schema: 'http://json-schema.org/draft-07/schema#' }, '$schema'],
    [{ type: 'object', properties: {}, additionalProperties: true }, 'additionalProperties'],
    [{ type: 'object', properties: {}, required: ['one'] }, 'required'],
    [{ type: 'object', properties: {}, oneOf: [] }, 'oneOf'],
    [withOption('string'), 'properties.one'],
    [withOption({}), 'properties.one.type'],
    [withOption({ type: ['string', 'null'] }), 'properties.one.type'],
    [withOption({ type: 'constructor' }), 'properties.one.type'],
    [withOption({ type: 'string', minLength: 1 }), 'properties.one.minLength'],
    [withOption({ type: 'string', constructor: 1 }), 'properties.one.constructor'],
    [withOption({ type: 'string', description: 5 }), 'properties.one.description'],
    [withOption({ type: 'string', enum: [] }), 'properties.one.enum'],
    [withOption({ type: 'string', enum: ['a', 'a'] }), 'properties.one.enum'],
    [withOption({ type: 'string', enum: [1] }), 'properties.one.enum'],
    [withOption({ type: 'string', secret: 'yes' }), 'properties.one.secret'],
    [withOption({ type: 'string', pattern: '[a' }), 'properties.one.pattern'],
    [withOption({ type: 'string', pattern: '(?=a)' }), 'properties.one.pattern'],
    [withOption({ type: 'string', pattern: 'a'.repeat(501) }), 'properties.one.pattern'],
    [withOption({ type: 'string', pattern: 5 }), 'properties.one.pattern'],
    [withOption({ type: 'integer', minimum: '1' }), 'properties.one.minimum'],
    [withOption({ type: 'integer', minimum: 2, maximum: 1 }), 'properties.one.minimum'],
    [withOption({ type: 'integer', maximum: Infinity }), 'properties.one.maximum'],
    [withOption({ type: 'array' }), 'properties.one.items'],
    [withOption({ type: 'array', items: { type: 'date' } }), 'properties.one.items.type'],
    [withOption({ type: 'array', items: { type: 'string' }, minItems: -1 }), 'properties.one.minItems'],
    [withOption({ type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 1 }), 'properties.one.minItems'],
    [withOption({ type: 'object', properties: { two: { type: 'nul' } } }), 'properties.one.properties.two.type'],
    [{ type: 'object', properties: { 'a b': { type: 'string' } } }, 'properties.a b'],
    [JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'), 'properties.__proto__'],
  ]

  for (const [schema, place] of cases) assert.deepEqual(placesOf(schema), [place], JSON.stringify(schema))
})

test('checkOptionsSchema() checks each default against its own option', () => {
  const cases: readonly object[] = [
    { type: 'string', default: 1 },
    { type: 'string', enum: ['a'], default: 'b' },
    { type: 'string', pattern: '^a$', default: 'b' },
    { type: 'integer', default: 1.5 },
    { type: 'integer', minimum: 1, default: 0 },
    { type: 'boolean', default: null },
    { type: 'array', items: { type: 'string' }, default: [1] },
    { type: 'object', properties: { two: { type: 'string' } }, required: ['two'], default: {} },
  ]

  for (const option of cases) assert.deepEqual(placesOf(withOption(option)), ['properties.one.default'], JSON.stringify(option))
})

test('checkOptionsSchema() shows no default of a secret', () => {
  const issues = checkOptionsSchema(withOption({ type: 'string', secret: true, pattern: '^.{8,}$', default: 'hunter2' }))

  assert.equal(issues.length, 1)
  assert.equal(JSON.stringify(issues).includes('hunter2'), false)
})

test('checkOptionsSchema() comes to an end with a schema that is endless, deep, wide or wrong all over', () => {
  const endless: { type: string; properties: Record<string, unknown> } = { type: 'object', properties: {} }
  endless.properties['again'] = endless
  const wide = {
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`o${index}`, { type: 'string' }])),
  }
  const wrong = { type: 'object', properties: Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`o${index}`, { type: 'x' }])) }

  for (const schema of [endless, wide, wrong]) {
    const { length } = checkOptionsSchema(schema)
    assert.ok(length > 0 && length <= 20, `${length} issues`)
  }
})
