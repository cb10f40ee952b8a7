import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StandardSchemaV1 } from '../base/index.js'
import { sampleOf } from './sample.js'

function schemaOf(schema: Record<string, unknown>): StandardSchemaV1 {
  const jsonSchema = { input: () => schema, output: () => schema }
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }), jsonSchema } }
}

test('sampleOf() gives the simplest value of each type, and leaves out what is optional', () => {
  const properties = {
    item: { type: 'string' },
    quantity: { type: 'integer', exclusiveMinimum: 0 },
    many: { type: 'number', minimum: 7 },
    gift: { type: 'boolean' },
    lines: {
      type: 'array',
      minItems: 1,
      items: { type: 'object', properties: { id: { type: 'string', format: 'uuid' } }, required: ['id'] },
    },
    tags: { type: 'array', items: { type: 'string' } },
    mail: { type: 'string', format: 'email' },
    code: { type: 'string', minLength: 6 },
    note: { type: 'string' },
  }
  const required = Object.keys(properties).filter((name) => name !== 'note')

  assert.deepEqual(sampleOf(schemaOf({ type: 'object', properties, required })), {
    item: 'text',
    quantity: 1,
    many: 7,
    gift: true,
    lines: [{ id: '00000000-0000-4000-8000-000000000000' }],
    tags: [],
    mail: 'ada@example.com',
    code: 'textss',
  })
})

test('sampleOf() takes the words of the schema first: an example, a default, one of an enum', () => {
  const properties = {
    item: { type: 'string', examples: ['tea', 'milk'] },
    size: { enum: ['s', 'm'] },
    quantity: { type: 'integer', default: 2 },
  }

  assert.deepEqual(sampleOf(schemaOf({ type: 'object', properties, required: ['size', 'quantity'] })), {
    item: 'tea',
    size: 's',
    quantity: 2,
  })
})

test('sampleOf() gives nothing where there is no object to send', () => {
  const silent: StandardSchemaV1 = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }

  assert.deepEqual([undefined, silent, schemaOf({ type: 'string' })].map(sampleOf), [undefined, undefined, undefined])
})
