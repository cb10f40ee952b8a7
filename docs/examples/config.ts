import assert from 'node:assert/strict'
import { memoryConfig } from '@microts/core/config'

const config = await memoryConfig({ initial: { database: { host: '127.0.0.1', port: 5432 } } })

assert.equal(config.get('database.port'), 5432)
assert.equal(config.get(['database', 'port']), 5432)
assert.equal(config.get('database.password'), undefined)

const changes = await config.watch('database.host')
await config.set('database.host', 'db.example.com')
assert.deepEqual(config.get('database'), { host: 'db.example.com', port: 5432 })

// What set() has put goes away; what was below it shows again.
assert.equal(await config.delete('database.host'), true)
assert.equal(config.get('database.host'), '127.0.0.1')

const seen: unknown[] = []
for await (const change of changes) {
  seen.push([change.previous, change.value])
  if (seen.length === 2) break
}
assert.deepEqual(seen, [
  ['127.0.0.1', 'db.example.com'],
  ['db.example.com', '127.0.0.1'],
])

await config.close()
