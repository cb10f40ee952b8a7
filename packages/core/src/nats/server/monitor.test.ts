import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test, type TestContext } from 'node:test'
import { findNativeServer, startNativeServer } from '../native-server.fixture.js'
import { rawClient } from '../raw-client.fixture.js'
import type { NatsServerOptions } from './options.js'
import { natsServer } from './server.js'

interface Page {
  readonly status: number
  readonly body: string
}

/** One that may say what it wants of its host, which fetch() may not. */
function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Page> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, method }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    asked.on('error', reject)
    asked.end()
  })
}

type Json = Record<string, unknown>
const json = async (url: string) => JSON.parse((await get(url)).body) as Json

async function start(t: TestContext, options: NatsServerOptions = {}) {
  const server = await natsServer({ monitorPort: 0, ...options })
  t.after(() => server.close())
  const url = server.monitorUrl ?? ''
  return { server, url }
}

async function busy(t: TestContext, port: number, connect = '"user":"ann","pass":"p"') {
  const client = await rawClient(port)
  t.after(() => client.close())
  client.send(
    `CONNECT {"verbose":false,"name":"shop","lang":"x","version":"1",${connect}}\r\nSUB a.* g 1\r\nSUB b 2\r\nPUB b 3\r\nabc\r\nPING\r\n`,
  )
  await client.until('PONG\r\n')
  return client
}

test('natsServer() has no monitoring port unless it is asked for', async (t) => {
  const server = await natsServer()
  t.after(() => server.close())

  assert.equal(server.monitorUrl, undefined)
})

test('/varz, /connz and /subsz say what the server does', async (t) => {
  const { server, url } = await start(t, { users: [{ user: 'ann', password: 'p' }], maxConnections: 7 })
  await busy(t, server.port)

  const varz = await json(`${url}/varz`)
  assert.deepEqual(
    [
      varz['server_id'],
      varz['port'],
      varz['max_connections'],
      varz['connections'],
      varz['in_msgs'],
      varz['out_bytes'],
      varz['subscriptions'],
      varz['auth_required'],
    ],
    [server.info.server_id, server.port, 7, 1, 1, 3, 2, true],
  )
  const connz = await json(`${url}/connz?subs=1&auth=1`)
  const [connection] = connz['connections'] as Json[]
  assert.deepEqual(
    [
      connection?.['name'],
      connection?.['in_msgs'],
      connection?.['out_bytes'],
      connection?.['subscriptions_list'],
      connection?.['authorized_user'],
    ],
    ['shop', 1, 3, ['a.*', 'b'], 'ann'],
  )
  assert.equal(((await json(`${url}/connz`))['connections'] as Json[])[0]?.['authorized_user'], undefined)
  const subsz = await json(`${url}/subsz?subs=1&test=a.x`)
  assert.deepEqual(
    (subsz['subscriptions_list'] as Json[]).map(({ subject, qgroup, sid }) => [subject, qgroup, sid]),
    [['a.*', 'g', '1']],
  )
  assert.deepEqual(await json(`${url}/healthz`), { status: 'ok' })
})

test('/connz sorts and pages', async (t) => {
  const { server, url } = await start(t)
  for (let count = 1; count <= 3; count++) {
    const client = await rawClient(server.port)
    t.after(() => client.close())
    client.send(`${Array.from({ length: count }, (_, sid) => `SUB a ${sid}\r\n`).join('')}PING\r\n`)
    await client.until('PONG\r\n')
  }

  const cids = async (query: string) => ((await json(`${url}/connz?${query}`))['connections'] as Json[]).map((each) => each['cid'])
  assert.deepEqual(await cids(''), [1, 2, 3])
  assert.deepEqual(await cids('sort=subs'), [3, 2, 1])
  assert.deepEqual(await cids('offset=1&limit=1'), [2])
  assert.deepEqual(await cids('cid=3'), [3])
  assert.deepEqual(await cids('state=closed'), [])
  for (const query of ['sort=__proto__', 'limit=x', 'limit=-1', 'state=maybe'])
    assert.equal((await get(`${url}/connz?${query}`)).status, 400, query)
})

test('the monitoring port answers GET of its pages to programs of this machine, and nothing else', async (t) => {
  const { url } = await start(t)
  const port = new URL(url).port

  for (const host of ['127.0.0.1', `localhost:${port}`, `[::1]:${port}`])
    assert.equal((await get(`${url}/varz`, { host })).status, 200, host)
  for (const host of ['example.com', `127.0.0.1.example.com:${port}`, 'x'])
    assert.equal((await get(`${url}/varz`, { host })).status, 403, host)
  for (const path of ['/nope', '/__proto__', '/constructor', '//varz', '/varz/'])
    assert.equal((await get(`${url}${path}`)).status, 404, path)
  assert.equal((await get(`${url}/varz`, {}, 'POST')).status, 405)
  assert.equal((await get(`${url}/subsz?test=..`)).status, 400)
  assert.match(url, /^http:\/\/127\.0\.0\.1:/)
})

test('natsServer() says that the monitoring port is taken, and has freed its own', async (t) => {
  const { server, url } = await start(t)
  const taken = Number(new URL(url).port)

  await assert.rejects(natsServer({ monitorPort: taken }), { code: 'unavailable', reason: 'PORT_TAKEN' })
  assert.equal(server.stats.connections, 0)
})

const native = findNativeServer()

test(
  'the pages have fields that those of nats-server have, of the same kind',
  { skip: native === undefined ? 'needs: nats-server' : false },
  async (t) => {
    const { server, url } = await start(t, { users: [{ user: 'ann', password: 'p' }] })
    const theirs = await startNativeServer(native ?? '', 'http: "127.0.0.1:-1"\nauthorization { user: ann, password: p }')
    t.after(() => theirs.close())
    await busy(t, server.port)
    await busy(t, theirs.port)
    // What only this server says: nats-server leaves it out where there is no limit.
    const own = new Set(['max_subscriptions'])

    for (const page of ['/varz', '/connz?subs=1&auth=1', '/connz?subs=detail', '/subsz?subs=1', '/healthz']) {
      const [found, wanted] = [await json(url + page), await json(`${theirs.monitorUrl}${page}`)]
      for (const [key, value] of Object.entries(found)) if (!own.has(key)) assert.equal(typeof value, typeof wanted[key], `${page}: ${key}`)
      const [ours, other] = [found, wanted].map((answer) =>
        Array.isArray(answer['connections']) ? (answer['connections'][0] as Json) : {},
      )
      for (const [key, value] of Object.entries(ours ?? {}))
        assert.equal(typeof value, typeof other?.[key], `${page}: connections[0].${key}`)
    }
  },
)
