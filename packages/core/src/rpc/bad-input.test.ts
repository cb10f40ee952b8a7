// Bodies that are made to break a service, over plain HTTP and as go-micro's frames; the heads are in transport/http-request.test.ts and transport/port/port.test.ts.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { StandardSchemaV1 } from '../base/index.js'
import { httpTransport } from '../transport/http.js'
import { rawClient } from '../transport/raw-socket.fixture.js'
import { serve } from './server.js'

const object: StandardSchemaV1 = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return { issues: [{ message: 'an object is wanted' }] }
      return { value: { name: (value as { name?: unknown }).name } }
    },
  },
}

let seen: unknown
const transport = httpTransport()
const server = await serve({
  service: 'a',
  transport,
  address: '127.0.0.1:0',
  endpoints: [
    {
      name: 'A.Keep',
      handle(input) {
        seen = input
        return { ok: true }
      },
    },
    { name: 'A.Object', input: object, handle: (input) => input },
  ],
})
after(async () => {
  await server.close()
  await transport.close()
})

/** Status and reason of what the body comes to, over plain HTTP and as a frame. */
async function outcomes(endpoint: string, body: string | Uint8Array): Promise<{ readonly web: string; readonly frame: string }> {
  const bytes = Buffer.from(body as string)
  const ask = async (path: string, header: string) => {
    const client = rawClient(server.address)
    client.send(
      `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n${header}Content-Length: ${bytes.length}\r\n\r\n`,
    )
    client.socket.write(bytes)
    return client.ended()
  }
  const reasonIn = (text: string) => /"reason":"([A-Z_]+)"/.exec(text)?.[1] ?? 'ok'
  return { web: reasonIn(await ask(`/${endpoint}`, '')), frame: reasonIn(await ask('/', `Micro-Endpoint: ${endpoint}\r\n`)) }
}

const same = (reason: string) => ({ web: reason, frame: reason })

test('a body that names prototypes changes none', async () => {
  const before = Object.getOwnPropertyNames(Object.prototype).sort()
  const body = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"toString":1}'

  assert.deepEqual(await outcomes('A.Keep', body), same('ok'))

  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), before)
  assert.equal(({} as { isAdmin?: unknown }).isAdmin, undefined)
  assert.equal((seen as { isAdmin?: unknown }).isAdmin, undefined)
  assert.equal(Object.getPrototypeOf(seen), Object.prototype)
  assert.deepEqual(await outcomes('A.Object', body), same('ok'))
})

test('a body that is nested too deeply is refused, and costs a moment', async () => {
  const startMs = performance.now()
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const)
    assert.deepEqual(await outcomes('A.Keep', `${open.repeat(100_000)}1${close.repeat(100_000)}`), same('NOT_DECODABLE'))
  assert.deepEqual(await outcomes('A.Keep', '['.repeat(1_000_000)), same('NOT_DECODABLE'))

  assert.ok(performance.now() - startMs < 3000)
})

test('a body that is not JSON is refused', async () => {
  const bodies = [
    'NaN',
    '{"a":NaN}',
    'Infinity',
    '-',
    '01',
    '1n',
    '{a:1}',
    "{'a':1}",
    '{"a":1,}',
    '[1,]',
    '{"a":1}{',
    'undefined',
    '\ufeff{}',
    '"\u0001"',
    '{"a":1} x',
    '/* */{}',
  ]
  for (const body of bodies) assert.deepEqual(await outcomes('A.Keep', body), same('NOT_DECODABLE'), body)
  for (const bytes of [
    Buffer.from([0x22, 0xff, 0x22]),
    Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    Buffer.from([0x22, 0xc0, 0x80, 0x22]),
    Buffer.from('{}', 'utf16le'),
  ])
    assert.deepEqual(await outcomes('A.Keep', bytes), same('NOT_DECODABLE'), bytes.toString('hex'))
})

test('what JSON leaves open comes to what JavaScript reads: the last of two keys, half a surrogate, a rounded number', async () => {
  await outcomes('A.Keep', '{"a":1,"a":2,"half":"\\ud800","large":12345678901234567890}')

  assert.deepEqual(seen, { a: 2, half: '\ud800', large: 12_345_678_901_234_567_000 })
})

test('a list or a value where an object is wanted is refused by the schema', async () => {
  for (const body of ['[]', '[{"name":"a"}]', '1', '"a"', 'null', 'true'])
    assert.deepEqual(await outcomes('A.Object', body), same('SCHEMA_MISMATCH'), body)
})

test('100 MB are refused before they are read, announced or in chunks, and memory stays flat', async () => {
  const before = process.memoryUsage().rss
  const total = 100_000_000
  for (const header of [`Content-Length: ${total}`, 'Transfer-Encoding: chunked'])
    for (let count = 0; count < 10; count++) {
      const client = rawClient(server.address)
      client.send(`POST /A.Keep HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${header}\r\n\r\n`)
      if (header.startsWith('T')) client.send(`${total.toString(16)}\r\n`)
      assert.match(await client.until('\r\n\r\n'), /^HTTP\/1\.1 413 /)
      client.socket.destroy()
    }
  const grown = process.memoryUsage().rss - before

  assert.ok(grown < 60_000_000, `${grown} bytes more`)
  assert.deepEqual(await outcomes('A.Keep', '{}'), same('ok'))
})
