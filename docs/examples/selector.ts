import assert from 'node:assert/strict'
import { leastPendingSelector, randomSelector, roundRobinSelector } from '@microts/core/selector'

const nodes = [{ id: 'orders-1' }, { id: 'orders-2' }]

const inTurn = roundRobinSelector()
const turns = [1, 2, 3, 4].map(() => {
  const { node, release } = inTurn.select('orders', nodes)
  release()
  return node.id
})
assert.equal(new Set(turns).size, 2)
assert.notEqual(turns[0], turns[1])

// The node with a call under way is passed over, as long as the other one is idle.
const least = leastPendingSelector()
const first = least.select('orders', nodes)
const second = least.select('orders', nodes)
assert.notEqual(first.node.id, second.node.id)
first.release()
second.release()

assert.throws(() => randomSelector().select('orders', []), { reason: 'NO_NODES' })
