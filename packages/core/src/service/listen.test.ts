import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startService } from './start.js'

const env = { LOG_LEVEL: 'silent', MICRO_PROJECT: 'test', MICRO_REGISTRY: 'memory', MICRO_TRANSPORT: 'memory', MICRO_BROKER: 'memory' }

for (const address of ['0.0.0.0:0', ':0', '[::]:0', '192.0.2.1:0', '127.0.0.1.example.com:0', 'example.com:0', '127.0.0.256.1:0']) {
  test(`a service without auth does not listen on ${address}`, async () => {
    const starting = startService({ name: 'orders' }, { env: { ...env, MICRO_SERVER_ADDRESS: address } })

    await assert.rejects(starting, { code: 'failed_precondition', reason: 'PUBLIC_WITHOUT_AUTH' })
  })
}

for (const address of ['127.0.0.1:0', '127.1.2.3:0', 'localhost:0', '[::1]:0']) {
  test(`a service without auth listens on ${address}`, async () => {
    const running = await startService({ name: 'orders' }, { env: { ...env, MICRO_SERVER_ADDRESS: address } })

    await running.stop()
  })
}

test('a service without auth listens anywhere when a proxy does the checking, or when there are rules', async () => {
  const insecure = await startService({ name: 'orders' }, { env: { ...env, MICRO_SERVER_ADDRESS: '0.0.0.0:0', MICRO_INSECURE: '1' } })
  const flag = await startService({ name: 'orders' }, { env: { ...env, MICRO_SERVER_ADDRESS: '0.0.0.0:0' }, argv: ['--insecure'] })
  const ruled = await startService({ name: 'orders' }, { env: { ...env, MICRO_SERVER_ADDRESS: '0.0.0.0:0', MICRO_AUTH: 'memory' } })

  await Promise.all([insecure.stop(), flag.stop(), ruled.stop()])
})
