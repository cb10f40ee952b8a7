import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, test } from 'node:test'
import { MicroError } from '../base/index.js'
import { httpTransport } from '../transport/http.js'
import type { Call } from './call.js'
import { serve } from './server.js'

let isReady = true
let slow: Call | undefined
const transport = httpTransport()
const server = await serve({
  service: 'orders',
  transport,
  address: '127.0.0.1:0',
  maxBytes: 1000,
  ready: () => isReady,
  endpoints: [
    { name: 'Orders.Place', handle: (input) => ({ placed: input ?? null }) },
    {
      name: 'Orders.Fail',
      handle() {
        throw new MicroError('not_found', 'No order 7', { reason: 'ORDER_NOT_FOUND', hint: 'look', details: { id: 7 } })
      },
    },
    {
      name: 'Orders.Crash',
      handle() {
        throw new Error('secret')
      },
    },
    { name: 'Orders.Slow', handle: (_, call) => new Promise(() => (slow = call)) },
    { name: 'Orders.Nothing', handle: () => undefined },
  ],
})
after(async () => {
  await server.close()
  await transport.close()
})

interface Answer {
  readonly status: number
  readonly header: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Not fetch, which sets some headers by itself. */
function ask(method: string, path: string, header: Record<string, string> = {}, body = ''): Promise<Answer> {
  const [host, port] = server.address.split(':')
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host, port, method, path, headers: header, agent: false }, (reply) => {
      let text = ''
      reply.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      reply.on('end', () => resolve({ status: reply.statusCode as number, header: reply.headers, text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

function reasonOf(answer: Answer): string {
  assert.ok(answer.text.endsWith('\n'))
  return (JSON.parse(answer.text) as { reason: string }).reason
}

const json = { 'content-type': 'application/json' }

test('POST of an endpoint calls it, as curl writes it', async () => {
  for (const path of ['/Orders.Place', '/orders/Orders.Place', '/orders.place', '/Orders.Place?x=1', '/orders/Orders%2EPlace']) {
    for (const header of [json, { 'content-type': 'Application/JSON; charset=utf-8' }, {}]) {
      const answer = await ask('POST', path, header, '{"item":"tea"}')

      assert.deepEqual([answer.status, answer.text], [200, '{"placed":{"item":"tea"}}\n'], path)
      assert.equal(answer.header['content-type'], 'application/json')
    }
  }
})

test('POST without a body gives the endpoint undefined, and undefined is an empty body', async () => {
  assert.equal((await ask('POST', '/Orders.Place', json)).text, '{"placed":null}\n')
  assert.deepEqual([(await ask('POST', '/Orders.Nothing', json)).status, (await ask('POST', '/Orders.Nothing', json)).text], [200, ''])
})

test('POST of an endpoint that fails has the status, and all of the error', async () => {
  const answer = await ask('POST', '/Orders.Fail', json, '{}')

  assert.equal(answer.status, 404)
  assert.deepEqual(JSON.parse(answer.text), {
    code: 'not_found',
    reason: 'ORDER_NOT_FOUND',
    message: 'No order 7',
    hint: 'look',
    details: { id: 7 },
  })
})

test('POST of an endpoint that crashes is 500, and keeps the text', async () => {
  const answer = await ask('POST', '/Orders.Crash', json, '{}')

  assert.deepEqual([answer.status, reasonOf(answer)], [500, 'INTERNAL'])
  assert.doesNotMatch(answer.text, /secret/)
})

test('POST of what is no JSON is 400 with the place, and too much is 413', async () => {
  const answer = await ask('POST', '/Orders.Place', json, '{"item":}')

  assert.deepEqual([answer.status, reasonOf(answer)], [400, 'NOT_DECODABLE'])
  assert.deepEqual((JSON.parse(answer.text) as { details: object }).details, { position: { offset: 8, line: 1, column: 9 } })
  const large = await ask('POST', '/Orders.Place', json, JSON.stringify('x'.repeat(2000)))
  assert.deepEqual([large.status, reasonOf(large)], [413, 'FRAME_TOO_LARGE'])
})

test('a path that is no endpoint is 404 with the nearest ones', async () => {
  const answer = await ask('POST', '/Orders.Plce', json, '{}')

  assert.deepEqual([answer.status, reasonOf(answer)], [404, 'ENDPOINT_NOT_FOUND'])
  assert.match(answer.text, /\/Orders\.Place/)
  for (const path of ['/', '/favicon.ico', '/__proto__', '/%', '/%00', '//Orders.Place'])
    assert.equal((await ask('GET', path)).status, 404, path)
})

test('another method than POST is 405 and says which is allowed', async () => {
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await ask(method, '/Orders.Place')

    assert.deepEqual([answer.status, answer.header['allow'], reasonOf(answer)], [405, 'POST', 'METHOD_NOT_ALLOWED'])
  }
})

test('a method override in a header changes nothing', async () => {
  assert.equal((await ask('GET', '/Orders.Place', { 'x-http-method-override': 'POST' })).status, 405)
})

test('/livez is 200, /readyz follows the service', async () => {
  assert.deepEqual([(await ask('GET', '/livez')).status, (await ask('GET', '/livez')).text], [200, '{"status":"ok"}\n'])
  assert.equal((await ask('GET', '/readyz')).status, 200)
  isReady = false
  assert.deepEqual([(await ask('GET', '/readyz')).status, (await ask('GET', '/livez')).status], [503, 200])
  isReady = true
  assert.deepEqual([(await ask('POST', '/livez')).status, (await ask('POST', '/livez')).header['allow']], [405, 'GET'])
})

test('what a form of another site can send is 415', async () => {
  for (const type of [
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/html',
    'image/png',
  ]) {
    const answer = await ask('POST', '/Orders.Place', { 'content-type': type }, '{}')

    assert.deepEqual([answer.status, reasonOf(answer)], [415, 'CONTENT_TYPE_UNSUPPORTED'], type)
  }
})

test('a page of another origin is 403, one of this very address is answered', async () => {
  const { address } = server
  const strangers = [
    'http://evil.example',
    'null',
    `https://evil.example:${address.split(':')[1]}`,
    'http://127.0.0.1',
    'http://localhost:1',
  ]
  for (const origin of strangers) assert.equal((await ask('POST', '/Orders.Place', { ...json, origin }, '{}')).status, 403, origin)
  assert.equal((await ask('POST', '/Orders.Place', { ...json, 'sec-fetch-site': 'cross-site' }, '{}')).status, 403)
  assert.equal((await ask('POST', '/Orders.Place', { ...json, origin: `http://${address}` }, '{}')).status, 200)
})

test('a page under a name that points here (DNS rebinding) is 403', async () => {
  const host = `evil.example:${server.address.split(':')[1]}`

  assert.equal((await ask('POST', '/Orders.Place', { ...json, host, origin: `http://${host}` }, '{}')).status, 403)
})

test('POST / takes JSON-RPC', async () => {
  const answer = await ask('POST', '/', json, '{"id":7,"method":"Orders.Place","params":[{"item":"tea"}]}')

  assert.deepEqual(JSON.parse(answer.text), { id: '7', result: { placed: { item: 'tea' } }, error: null })
  assert.equal((await ask('POST', '/', json, '{}')).status, 400)
  assert.equal((await ask('POST', '/', json, '[]')).status, 400)
})

test('a client that hangs up ends the call', async () => {
  const [host, port] = server.address.split(':')
  const request = httpRequest({ host, port, method: 'POST', path: '/Orders.Slow', headers: json, agent: false })
  request.on('error', () => undefined)
  request.end('{}')
  while (slow === undefined) await new Promise((resolve) => setImmediate(resolve))
  const { signal } = slow
  const startMs = performance.now()

  request.destroy()
  while (!signal.aborted) await new Promise((resolve) => setImmediate(resolve))

  assert.ok(performance.now() - startMs < 1000)
  assert.equal(server.pending, 0)
})

test('a call whose time is over is 504', async () => {
  const answer = await ask('POST', '/Orders.Slow', { ...json, timeout: '20000000' }, '{}')

  assert.deepEqual([answer.status, reasonOf(answer)], [504, 'DEADLINE_EXCEEDED'])
})

test('draining is 503', async () => {
  const other = await serve({ service: 'orders', transport, address: '127.0.0.1:0', endpoints: [{ name: 'A.B', handle: () => 1 }] })
  await other.drain(0)

  const answer = await fetch(`http://${other.address}/A.B`, { method: 'POST', headers: json })

  assert.deepEqual([answer.status, ((await answer.json()) as { reason: string }).reason], [503, 'DRAINING'])
  await other.close()
})
