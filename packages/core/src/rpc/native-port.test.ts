import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonCodec } from '../codec/json.js'
import { httpTransport } from '../transport/http.js'
import { nativeCodec, openNative } from './native/index.js'
import { serve } from './server.js'

test(
  'serve() speaks the native framing and plain HTTP on one port, and the native one on a Unix socket of this host',
  { skip: process.platform === 'win32' },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'micro-port-'))
    const before = process.env['XDG_RUNTIME_DIR']
    process.env['XDG_RUNTIME_DIR'] = folder
    const transport = httpTransport()
    const server = await serve({
      service: 'a',
      transport,
      address: '127.0.0.1:0',
      endpoints: [{ name: 'A.B', handle: (input) => ({ got: input }) }],
    })
    t.after(async () => {
      await transport.close()
      if (before === undefined) delete process.env['XDG_RUNTIME_DIR']
      else process.env['XDG_RUNTIME_DIR'] = before
      await rm(folder, { recursive: true })
    })
    const [host, port] = server.address.split(':')

    const path = await server.listenLocal('project-a-1')
    assert.equal(path, join(folder, 'micro', 'project-a-1.sock'))
    const targets = [{ host: host as string, port: Number(port) }, { path }]
    for (const target of targets) {
      const socket = connect(target)
      const connection = await openNative(socket, { json: nativeCodec(jsonCodec()), remote: 'a' })
      const { output } = await connection.call(connection.route('a', 'A.B'), 'tea')
      assert.deepEqual(output, { got: 'tea' })
      assert.match(server.metrics(), /micro_connections\{protocol="native"\} 1\n/)
      await connection.close()
      while (server.metrics().includes('protocol="native"')) await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal((await fetch(`http://${server.address}/livez`)).status, 200)
    await server.close()
    assert.equal(existsSync(path), false)
  },
)

test('close() ends native connections, and lets calls in work know', async () => {
  const transport = httpTransport()
  const server = await serve({
    service: 'a',
    transport,
    address: '127.0.0.1:0',
    endpoints: [{ name: 'A.Slow', handle: () => new Promise(() => undefined) }],
  })
  const [host, port] = server.address.split(':')
  const open = () => openNative(connect({ host: host as string, port: Number(port) }), { json: nativeCodec(jsonCodec()), remote: 'a' })
  const [idle, busy] = await Promise.all([open(), open()])
  const outcome = busy.exchange(busy.route('a', 'A.Slow'), 1)
  while (server.pending === 0) await new Promise((resolve) => setImmediate(resolve))

  await server.close()

  await idle.closed
  assert.equal(((await outcome) as { error: { reason: string } }).error.reason, 'SERVER_CLOSED')
  await busy.close()
  await transport.close()
})
