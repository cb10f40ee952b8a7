import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, test } from 'node:test'
import { MicroError, type StandardSchemaV1 } from '../base/index.js'
import { testClock } from '../testing/index.js'
import { httpTransport } from '../transport/http.js'
import { serve } from './server.js'

const clock = testClock()
const transport = httpTransport()

/** A schema that takes everything, and says what `more` lets it say of itself. */
function schema(more: object, jsonSchema?: object): StandardSchemaV1 {
  const said = jsonSchema === undefined ? {} : { jsonSchema: { input: () => ({ ...jsonSchema }), output: () => ({ ...jsonSchema }) } }
  return { ...more, '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }), ...said } }
}

const tree = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    self: { $ref: '#' },
    leaf: { $ref: '#/$defs/leaf' },
    $ref: { const: '#' },
    list: { type: 'array', items: [{ $ref: '#' }] },
  },
  $defs: { leaf: { type: 'string' } },
}

const server = await serve({
  service: 'orders',
  version: '1.2.3',
  transport,
  clock,
  address: '127.0.0.1:0',
  endpoints: [
    { name: 'Orders.Place', input: schema({}, tree), output: schema({ toJSONSchema: () => ({ type: 'number' }) }), handle: () => 1 },
    {
      name: 'Orders.Slow',
      input: schema({ toJsonSchema: () => ({ type: 'null' }) }),
      handle: (_, call) => new Promise((resolve) => call.signal.addEventListener('abort', () => resolve(1))),
    },
    {
      name: 'Orders.Fail',
      input: schema({
        toJSONSchema() {
          throw new Error('a transform has none')
        },
      }),
      handle: async () => {
        throw new MicroError('not_found', 'No order', { reason: 'ORDER_NOT_FOUND' })
      },
    },
  ],
})
after(async () => {
  await server.close()
  await transport.close()
})

function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; type: string | undefined; allow: string | undefined; text: string }> {
  const [host, port] = server.address.split(':')
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host, port, method, path, headers, agent: false }, (reply) => {
      let text = ''
      reply.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      reply.on('end', () =>
        resolve({ status: reply.statusCode as number, type: reply.headers['content-type'], allow: reply.headers.allow, text }),
      )
    })
    request.on('error', reject)
    request.end()
  })
}

async function sample(name: string): Promise<number> {
  const { text } = await ask('GET', '/metrics')
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return line === undefined ? Number.NaN : Number(line.slice(name.length))
}

const json = { 'content-type': 'application/json' }

test('/metrics counts calls by endpoint and code, and how long they took', async () => {
  await ask('POST', '/Orders.Place', json)
  await ask('POST', '/Orders.Place', json)
  await ask('POST', '/Orders.Fail', json)
  const slow = ask('POST', '/Orders.Slow', { ...json, timeout: '300000000' })
  while (server.pending === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(await sample('micro_calls_in_flight'), 1)
  await clock.advance(300)
  await slow

  assert.equal(await sample('micro_calls_total{endpoint="Orders.Place",code="ok"}'), 2)
  assert.equal(await sample('micro_calls_total{endpoint="Orders.Fail",code="not_found"}'), 1)
  assert.equal(await sample('micro_calls_total{endpoint="Orders.Fail",code="ok"}'), 0)
  assert.equal(await sample('micro_calls_total{endpoint="Orders.Slow",code="deadline_exceeded"}'), 1)
  assert.equal(await sample('micro_call_duration_seconds_bucket{endpoint="Orders.Slow",le="0.25"}'), 0)
  assert.equal(await sample('micro_call_duration_seconds_bucket{endpoint="Orders.Slow",le="0.5"}'), 1)
  assert.equal(await sample('micro_call_duration_seconds_bucket{endpoint="Orders.Slow",le="+Inf"}'), 1)
  assert.equal(await sample('micro_call_duration_seconds_sum{endpoint="Orders.Slow"}'), 0.3)
  assert.equal(await sample('micro_call_duration_seconds_count{endpoint="Orders.Place"}'), 2)
  assert.equal(await sample('micro_calls_in_flight'), 0)
  assert.equal(await sample('micro_build_info{service="orders",version="1.2.3"}'), 1)
  assert.ok((await sample('micro_connections{protocol="http"}')) >= 1)
})

test('/metrics is text that Prometheus reads: each family once, with its type, and no name of a caller', async () => {
  await ask('POST', '/Orders.Unknown%22', json)
  const { status, type, text } = await ask('GET', '/metrics')

  assert.deepEqual([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8'])
  assert.ok(text.endsWith('\n'))
  const types = new Map<string, string>()
  for (const line of text.trimEnd().split('\n')) {
    const [, name, kind] = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line) ?? []
    if (name !== undefined) {
      assert.ok(!types.has(name), name)
      types.set(name, kind as string)
    } else if (!line.startsWith('# HELP ')) {
      const [, family] = /^([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{(?:[a-z]+="[^"\\]*",?)+\})? -?[0-9.e+-]+$/.exec(line) ?? []
      assert.ok(family !== undefined && types.has(family), line)
    }
  }
  assert.equal(types.get('micro_call_duration_seconds'), 'histogram')
  assert.ok((await sample('process_resident_memory_bytes')) > 1e6)
  assert.ok((await sample('process_cpu_seconds_total')) > 0)
  assert.doesNotMatch(text, /Unknown/)
})

test('/openapi.json describes the endpoints, with the JSON Schemas that their libraries tell', async () => {
  const { status, type, text } = await ask('GET', '/openapi.json')
  const document = JSON.parse(text) as {
    openapi: string
    info: object
    paths: Record<string, { post: Record<string, never> }>
    components: { schemas: Record<string, unknown> }
  }

  assert.deepEqual([status, type], [200, 'application/json'])
  assert.deepEqual([document.openapi, document.info], ['3.1.0', { title: 'orders', version: '1.2.3' }])
  assert.deepEqual(Object.keys(document.paths), ['/Orders.Place', '/Orders.Slow', '/Orders.Fail'])
  const place = document.paths['/Orders.Place']?.post as unknown as {
    operationId: string
    requestBody: { content: unknown }
    responses: Record<string, { content: unknown }>
  }
  assert.equal(place.operationId, 'Orders.Place')
  assert.deepEqual(place.requestBody.content, { 'application/json': { schema: { $ref: '#/components/schemas/Orders.Place.input' } } })
  assert.deepEqual(place.responses['200']?.content, {
    'application/json': { schema: { $ref: '#/components/schemas/Orders.Place.output' } },
  })
  const root = '#/components/schemas/Orders.Place.input'
  assert.deepEqual(document.components.schemas['Orders.Place.input'], {
    type: 'object',
    properties: {
      self: { $ref: root },
      leaf: { $ref: `${root}/$defs/leaf` },
      $ref: { const: '#' },
      list: { type: 'array', items: [{ $ref: root }] },
    },
    $defs: { leaf: { type: 'string' } },
  })
  assert.deepEqual(document.components.schemas['Orders.Place.output'], { type: 'number' })
  assert.deepEqual(document.components.schemas['Orders.Slow.input'], { type: 'null' })
  const fail = document.paths['/Orders.Fail']?.post as unknown as { requestBody: { content: unknown } }
  assert.deepEqual(fail.requestBody.content, { 'application/json': { schema: {} } })
  assert.ok('Error' in document.components.schemas)
})

test('what is read is read only, and not by pages of other sites', async () => {
  for (const path of ['/metrics', '/openapi.json']) {
    assert.deepEqual([(await ask('POST', path)).status, (await ask('POST', path)).allow], [405, 'GET'])
    assert.deepEqual([(await ask('HEAD', path)).status, (await ask('HEAD', path)).text], [200, ''])
    assert.equal((await ask('GET', path, { origin: 'http://evil.example' })).status, 403)
    assert.equal((await ask('GET', path, { 'sec-fetch-site': 'cross-site' })).status, 403)
    // A name that points here sends no Origin: its page is of the same one.
    assert.equal((await ask('GET', path, { host: 'evil.example' })).status, 403)
    assert.equal((await ask('GET', path, { host: 'localhost:8080' })).status, 200)
  }
})
