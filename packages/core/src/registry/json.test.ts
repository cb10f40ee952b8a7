import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { MicroError } from '../base/index.js'
import { decodeEvent, decodeResult, decodeService, encodeEndpoint, encodeEvent, encodeResult, encodeService, readEndpoint } from './json.js'

interface Vector {
  readonly name: string
  readonly type: string
  readonly text: string
}

const file = new URL('../../../../tests/vectors/go-micro-4.11/registry-json.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }

const roundTrips: Readonly<Record<string, (text: string) => string>> = {
  'registry.Service': (text) => encodeService(decodeService(text)),
  'registry.Result': (text) => encodeResult(decodeResult(text)),
  'registry.Event': (text) => encodeEvent(decodeEvent(text)),
  'registry.Endpoint'(text) {
    const endpoint = readEndpoint(JSON.parse(text))
    assert.ok(endpoint !== undefined)
    return encodeEndpoint(endpoint)
  },
}

for (const { name, type, text } of vectors) {
  test(`Go's JSON is read and written again as it was: ${name}`, () => {
    const written = roundTrips[type]?.(text)

    // Go tells absent from empty maps and lists, and we do not; all else, order and escapes, is the same text.
    assert.equal(withoutEmpty(written ?? ''), withoutEmpty(text))
  })
}

test('decodeService() takes null and absent lists and maps as empty', () => {
  const service = decodeService('{"name":"tiny","version":"latest","metadata":null,"nodes":[{"id":"tiny-1","address":"a:1"},null]}')

  assert.deepEqual(service, {
    name: 'tiny',
    version: 'latest',
    metadata: {},
    endpoints: [],
    nodes: [{ id: 'tiny-1', address: 'a:1', metadata: {} }],
  })
})

test('decodeService() keeps what Go tells of a service with everything', () => {
  const { text = '' } = vectors.find((one) => one.name === 'registry-service-full') ?? {}

  const service = decodeService(text)

  assert.equal(service.metadata['team'], 'café')
  assert.deepEqual(
    service.nodes.map(({ id }) => id),
    ['shop.orders-1', 'shop.orders-2'],
  )
  assert.deepEqual(service.endpoints[0]?.response?.values[1], { name: 'total', type: 'int64', values: [] })
  assert.equal(service.endpoints[1]?.metadata['stream'], 'true')
})

test('decodeService() takes keys that JavaScript has a meaning for as data', () => {
  const service = decodeService('{"name":"a","metadata":{"__proto__":"x","constructor":"y","2":"b","10":"a"}}')

  assert.equal(Object.getPrototypeOf(service.metadata), Object.prototype)
  assert.deepEqual(Object.keys(service.metadata).sort(), ['10', '2', '__proto__', 'constructor'])
  assert.match(encodeService(service), /"metadata":\{"10":"a","2":"b","__proto__":"x","constructor":"y"\}/)
})

test('decodeService() cuts a description that is nested without end', () => {
  const deep = `${'{"name":"a","values":['.repeat(2000)}${']}'.repeat(2000)}`

  const service = decodeService(`{"name":"a","endpoints":[{"name":"A.B","request":${deep}}]}`)

  assert.equal(service.endpoints[0]?.request?.name, 'a')
})

for (const text of ['', 'null', '[]', '"x"', '{"name":']) {
  test(`decodeService() refuses ${JSON.stringify(text)} with SERVICE_CORRUPT`, () => {
    assert.throws(
      () => decodeService(text),
      (error) => MicroError.is(error) && error.code === 'data_loss' && error.reason === 'SERVICE_CORRUPT',
    )
  })
}

test('decodeResult() and decodeEvent() refuse what has no kind of change with SERVICE_CORRUPT', () => {
  const isCorrupt = (error: unknown) => MicroError.is(error) && error.reason === 'SERVICE_CORRUPT'

  for (const text of ['{}', 'null', '{"Action":"explode"}']) assert.throws(() => decodeResult(text), isCorrupt)
  for (const text of ['{}', 'null', '{"Type":3}']) assert.throws(() => decodeEvent(text), isCorrupt)
})

function withoutEmpty(json: string): string {
  return json.replaceAll(/:(?:\{\}|\[\])/g, ':null')
}
