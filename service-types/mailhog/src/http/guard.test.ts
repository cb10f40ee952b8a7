import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, reasonOf, sendMail, startCatcher } from '../testing/catcher.js'
import { isOwnHost } from './guard.js'

test('isOwnHost() knows the names of this machine and no other', () => {
  const own = ['localhost', 'LOCALHOST:80', 'localhost.', 'mail.shop.localhost:8025', '127.0.0.1:1', '[::1]', '[::1]:8025', '10.0.0.5:8025']
  const others = [
    '',
    'evil.example',
    'localhost.evil.example',
    'evillocalhost',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'localhost:80:80',
    'localhost/x',
    '[::2]',
    '0.0.0.0',
    '10.0.0.6',
  ]

  assert.deepEqual(
    own.filter((host) => !isOwnHost(host, '10.0.0.5')),
    [],
  )
  assert.deepEqual(
    others.filter((host) => isOwnHost(host, '10.0.0.5')),
    [],
  )
})

test('a request for another host is 403, whatever it asks for', async (t) => {
  const catcher = await startCatcher(t)
  await sendMail(catcher, {})

  for (const path of ['/', '/api/v2/messages', '/page/mails', '/api/v1/events']) {
    const reply = await call(catcher.ports.http, path, { headers: { host: `rebound.example:${catcher.ports.http}` } })
    assert.deepEqual([reply.status, reasonOf(reply)], [403, 'HOST_REFUSED'])
  }
})

test('a deletion that another page asks for is 403; one by its own page or by a program is done', async (t) => {
  const catcher = await startCatcher(t)
  await sendMail(catcher, {})
  const remove = (headers: Record<string, string>) => call(catcher.ports.http, '/api/v1/messages', { method: 'DELETE', headers })

  const foreign: Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of foreign) {
    const reply = await remove(headers)
    assert.deepEqual([reply.status, reasonOf(reply)], [403, 'ORIGIN_REFUSED'])
  }
  const kept = catcher.messages().length
  const own = await remove({ origin: `http://127.0.0.1:${catcher.ports.http}`, 'sec-fetch-site': 'same-origin' })

  assert.equal(kept, 1)
  assert.equal(own.status, 200)
  assert.equal((await remove({})).status, 200)
  assert.equal(catcher.messages().length, 0)
})
