import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApp } from '@microts/core/testing'
import { {{variable}} } from './{{name}}.js'

test('{{Handler}}.Hello greets by name', async () => {
  await using app = await testApp({{variable}})

  const reply = await app.client({{variable}}).{{Handler}}.Hello({ name: 'Ada' })

  assert.deepEqual(reply, { message: 'Hello, Ada' })
})

test('{{Handler}}.Hello refuses an empty name', async () => {
  await using app = await testApp({{variable}})

  await assert.rejects(app.client({{variable}}).{{Handler}}.Hello({ name: '' }), { reason: 'SCHEMA_MISMATCH' })
})
