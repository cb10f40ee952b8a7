import assert from 'node:assert/strict'
import { memoryStore, scoped } from '@microts/core/store'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined) => new TextDecoder().decode(value)

const store = memoryStore()
const changes = await store.watch({ prefix: 'orders/' })

await store.put('orders/1', bytes('tea'))
await store.put('orders/2', bytes('milk'), { ttlMs: 60_000, metadata: { from: 'web' } })
await store.put('carts/1', bytes('sugar'))

assert.equal(text((await store.get('orders/1'))?.value), 'tea')
assert.equal(await store.get('orders/3'), undefined)

const keys: string[] = []
for await (const key of store.list({ prefix: 'orders/', limit: 10 })) keys.push(key)
assert.deepEqual(keys, ['orders/1', 'orders/2'])

assert.equal(await store.delete('orders/1'), true)
assert.equal(await store.delete('orders/1'), false)

const seen: string[] = []
for await (const change of changes) {
  seen.push(`${change.type} ${change.key}`)
  if (seen.length === 3) break
}
assert.deepEqual(seen, ['put orders/1', 'put orders/2', 'delete orders/1'])

// Another table: keys never meet.
const archive = scoped(store, { table: 'archive' })
assert.equal(await archive.get('orders/2'), undefined)

await store.close()
await assert.rejects(store.get('orders/2'), { reason: 'CLOSED' })
