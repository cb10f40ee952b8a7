import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWeb, type WebOptions } from './web.js'

const none = () => assert.fail('nothing is called')

function ask(path: string, remote: string, pages: WebOptions['pages']) {
  const web = createWeb({
    service: 'orders',
    router: { names: [], find: none, exact: none },
    framings: { find: none, old: none },
    dispatch: { pending: 0, begin: none, drain: none, close: none } as unknown as WebOptions['dispatch'],
    ready: () => true,
    metrics: () => 'numbers',
    openApi: () => ({}),
    pages,
  })
  const { signal } = new AbortController()
  return web({ method: 'GET', path, header: { host: '10.0.0.7:80' }, body: new Uint8Array(0), signal, remote })
}

test('/metrics and /openapi.json are shown on the host itself, and to others where that is said', async () => {
  for (const path of ['/metrics', '/openapi.json']) {
    assert.equal((await ask(path, '127.0.0.1:4711', 'this-host')).status, 200)
    assert.equal((await ask(path, '[::1]:4711', 'this-host')).status, 200)
    const refused = await ask(path, '10.0.0.8:4711', 'this-host')
    assert.equal(refused.status, 403)
    assert.match(Buffer.from(refused.body).toString(), /PAGE_NOT_SHOWN/)
    assert.equal((await ask(path, '10.0.0.8:4711', 'anyone')).status, 200)
  }
})

test('/livez and /readyz are for whoever balances the load, wherever that is', async () => {
  for (const path of ['/livez', '/readyz']) assert.equal((await ask(path, '10.0.0.8:4711', 'this-host')).status, 200)
})
