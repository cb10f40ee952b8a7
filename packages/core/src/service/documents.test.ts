import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StandardSchemaV1 } from '../base/index.js'
import { memoryBroker, type Message } from '../broker/index.js'
import { jsonCodec } from '../codec/index.js'
import { memoryStore } from '../store/index.js'
import { decodeMessage, documentBroker, documentStore } from './documents.js'

const count: StandardSchemaV1<unknown, { count: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const number = (value as { count?: unknown } | undefined)?.count
      return typeof number === 'number' ? { value: { count: number } } : { issues: [{ message: 'wanted a number', path: ['count'] }] }
    },
  },
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

test('documentStore() keeps values as the codec writes them', async () => {
  const bytes = memoryStore()
  const store = documentStore(bytes, jsonCodec())

  await store.put('a/1', { count: 1 })
  await store.put('a/2', { count: 2 })

  assert.deepEqual(await store.get('a/1'), { count: 1 })
  assert.equal(new TextDecoder().decode((await bytes.get('a/1'))?.value), '{"count":1}')
  assert.equal(await store.get('a/3'), undefined)
  assert.deepEqual(await all(store.list({ prefix: 'a/' })), ['a/1', 'a/2'])
  assert.deepEqual(await all(store.getAll({ prefix: 'a/', limit: 1 })), [{ key: 'a/1', value: { count: 1 } }])
  assert.deepEqual([await store.delete('a/1'), await store.delete('a/1')], [true, false])
  assert.equal(store.bytes, bytes)
})

test('documentStore() hands on scope and time to live', async () => {
  const store = documentStore(memoryStore(), jsonCodec())

  await store.put('1', 'tea', { table: 'archive' })

  assert.equal(await store.get('1'), undefined)
  assert.equal(await store.get('1', { table: 'archive' }), 'tea')
})

test('documentStore() checks what it reads against a schema', async () => {
  const store = documentStore(memoryStore(), jsonCodec())
  await store.put('good', { count: 1, more: true })
  await store.put('wrong', { count: 'one' })

  assert.deepEqual(await store.get('good', { schema: count }), { count: 1 })
  await assert.rejects(store.get('wrong', { schema: count }), { code: 'data_loss', reason: 'DOCUMENT_INVALID' })
  await assert.rejects(all(store.getAll({ schema: count })), { code: 'data_loss', reason: 'DOCUMENT_INVALID' })
})

test('documentStore() says which key holds what it cannot read', async () => {
  const bytes = memoryStore()
  await bytes.put('broken', new TextEncoder().encode('{"count":'))

  await assert.rejects(documentStore(bytes, jsonCodec()).get('broken'), {
    code: 'data_loss',
    reason: 'DOCUMENT_INVALID',
    message: /"broken"/,
  })
})

test('documentBroker() publishes with the headers that go-micro’s subscribers read, which metadata cannot overwrite', async () => {
  const broker = memoryBroker()
  const received = new Promise<Message>((resolve) => void broker.subscribe('orders.placed', ({ message }) => resolve(message)))

  await documentBroker(broker, jsonCodec(), 'orders').publish(
    'orders.placed',
    { id: 7 },
    { metadata: { Trace: 't', 'Micro-Topic': 'other' } },
  )

  const { header, body } = await received
  assert.equal(new TextDecoder().decode(body), '{"id":7}')
  assert.match(header['Micro-Id'] ?? '', /^[0-9a-f-]{36}$/)
  assert.deepEqual(
    { ...header, 'Micro-Id': '' },
    { Trace: 't', 'Content-Type': 'application/json', 'Micro-Topic': 'orders.placed', 'Micro-Id': '', 'Micro-From-Service': 'orders' },
  )
})

test('documentBroker() refuses what the codec cannot write', async () => {
  await assert.rejects(documentBroker(memoryBroker(), jsonCodec(), 'orders').publish('orders.placed', { total: Number.NaN }), {
    reason: 'NOT_ENCODABLE',
  })
})

test('decodeMessage() gives what the schema gives, and refuses what does not fit', async () => {
  const bytes = (text: string) => new TextEncoder().encode(text)

  assert.deepEqual(await decodeMessage(bytes('{"count":1,"more":2}'), 't', jsonCodec(), count), { count: 1 })
  assert.deepEqual(await decodeMessage(bytes('{"count":"1"}'), 't', jsonCodec(), undefined), { count: '1' })
  await assert.rejects(decodeMessage(bytes('{}'), 't', jsonCodec(), count), { code: 'invalid_argument', reason: 'SCHEMA_MISMATCH' })
  await assert.rejects(decodeMessage(bytes('{'), 't', jsonCodec(), count), { reason: 'NOT_DECODABLE' })
})
