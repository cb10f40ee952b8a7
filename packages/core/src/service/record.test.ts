import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StandardSchemaV1 } from '../base/index.js'
import { endpoint, topic } from './definition.js'
import { serviceRecord } from './record.js'

const node = { id: 'orders-1', address: '127.0.0.1:1', metadata: {} }

function schemaOf(input: Record<string, unknown>, output = input): StandardSchemaV1 {
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => ({ value }),
      jsonSchema: { input: () => input, output: () => output },
    },
  }
}

function described(schema: Record<string, unknown>) {
  const options = { name: 'orders', endpoints: { 'Orders.Place': endpoint({ input: schemaOf(schema) }, async () => {}) } }
  return serviceRecord(options, node).endpoints[0]?.request
}

const text = (name: string) => ({ name, type: 'string', values: [] })

test('serviceRecord() describes endpoints as go-micro does: name, type, fields', () => {
  const input = { type: 'object', properties: { item: { type: 'string' }, quantity: { type: 'integer' } } }
  const output = { type: 'object', properties: { id: { type: 'string' } } }

  const record = serviceRecord(
    { name: 'orders', endpoints: { 'Orders.Place': endpoint({ input: schemaOf(input), output: schemaOf({}, output) }, async () => {}) } },
    node,
  )

  assert.deepEqual(record, {
    name: 'orders',
    version: 'latest',
    metadata: {},
    nodes: [node],
    endpoints: [
      {
        name: 'Orders.Place',
        request: { name: 'Request', type: 'object', values: [text('item'), { name: 'quantity', type: 'integer', values: [] }] },
        response: { name: 'Response', type: 'object', values: [text('id')] },
        metadata: {},
      },
    ],
  })
})

test('serviceRecord() lists subscriptions as Go does', () => {
  const record = serviceRecord({ name: 'notify', version: '2.0.0', topics: { 'orders.placed': topic({}, () => {}) } }, node)

  assert.equal(record.version, '2.0.0')
  assert.deepEqual(record.endpoints, [
    { name: 'orders.placed', request: undefined, metadata: { topic: 'orders.placed', subscriber: 'true' } },
  ])
})

test('serviceRecord() goes three levels deep, as go-micro', () => {
  const deep = (levels: number): Record<string, unknown> =>
    levels === 0 ? { type: 'string' } : { type: 'object', properties: { in: deep(levels - 1) } }

  assert.deepEqual(described(deep(5)), {
    name: 'Request',
    type: 'object',
    values: [{ name: 'in', type: 'object', values: [{ name: 'in', type: 'object', values: [] }] }],
  })
})

test('serviceRecord() describes lists by their items, and leaves out "or null"', () => {
  const list = { type: 'array', items: { type: 'object', properties: { item: { type: 'string' } } } }
  const optional = { anyOf: [{ type: 'string' }, { type: 'null' }] }

  const request = described({ type: 'object', properties: { list, optional, either: { type: ['string', 'number', 'null'] }, any: {} } })

  assert.deepEqual(request?.values, [
    { name: 'list', type: '[]object', values: [text('item')] },
    text('optional'),
    { name: 'either', type: 'string|number', values: [] },
    { name: 'any', type: 'any', values: [] },
  ])
})

test('serviceRecord() describes nothing where the schema cannot tell', () => {
  const schema: StandardSchemaV1 = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
  const options = { name: 'orders', endpoints: { 'Orders.Place': endpoint({ input: schema }, async () => {}) } }

  assert.equal(serviceRecord(options, node).endpoints[0]?.request, undefined)
})
