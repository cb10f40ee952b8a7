import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closers } from './closers.js'

test('close() closes in reverse, each once, whatever fails, and throws the first failure', async () => {
  const events: string[] = []
  const opened = closers()
  opened.add(() => void events.push('first'))
  opened.add(() => Promise.reject(new Error('second')))
  opened.add(async () => {
    events.push('third')
    throw new Error('third')
  })

  await assert.rejects(opened.close(), /third/)
  await opened.close()

  assert.deepEqual(events, ['third', 'first'])
})
