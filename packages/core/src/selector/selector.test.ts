import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformance } from '../testing/conformance.js'
import { selectorSuite } from './conformance.js'
import { leastPendingSelector } from './least-pending.js'
import { randomSelector } from './random.js'
import { roundRobinSelector } from './round-robin.js'

const seed = 20_260_101
const nodesOf = (...ids: readonly string[]) => ids.map((id) => ({ id }))

const selectors = [
  () => randomSelector({ random: seeded(seed) }),
  () => roundRobinSelector(),
  () => leastPendingSelector({ random: seeded(seed) }),
]
for (const create of selectors) conformance((name, run) => test(`${create().name} ${name}`, run), selectorSuite, { create })

test('roundRobinSelector() goes through the nodes in the order of the registry', () => {
  const selector = roundRobinSelector()

  assert.deepEqual(chosen(selector, nodesOf('a', 'b', 'c'), 7), ['a', 'b', 'c', 'a', 'b', 'c', 'a'])
})

test('roundRobinSelector() goes on after the node that was chosen last, when others come or go', () => {
  const selector = roundRobinSelector()
  chosen(selector, nodesOf('b', 'd', 'f'), 2)

  assert.deepEqual(chosen(selector, nodesOf('a', 'b', 'c', 'd', 'e', 'f'), 1), ['e'])
  assert.deepEqual(chosen(selector, nodesOf('e', 'f'), 1), ['f'])
})

test('roundRobinSelector() gives the turn of a node that left to the one in its place', () => {
  const selector = roundRobinSelector()
  chosen(selector, nodesOf('a', 'b', 'c'), 2)

  assert.deepEqual(chosen(selector, nodesOf('a', 'c'), 3), ['c', 'a', 'c'])
})

test('leastPendingSelector() of two nodes gives the one with fewer calls under way', () => {
  const selector = leastPendingSelector({ random: seeded(seed) })
  const nodes = nodesOf('a', 'b')
  const first = selector.select('orders', nodes)
  const second = selector.select('orders', nodes)
  assert.notEqual(first.node.id, second.node.id)

  first.release()

  assert.equal(selector.select('orders', nodes).node.id, first.node.id)
})

test('leastPendingSelector() sends a node that is ten times slower far fewer calls than the others', () => {
  const selector = leastPendingSelector({ random: seeded(seed) })
  const nodes = nodesOf('slow', 'b', 'c', 'd')
  const underWay: { readonly endsAt: number; readonly release: () => void }[] = []
  let ofSlow = 0
  for (let now = 0; now < 10_000; now++) {
    for (const call of underWay.filter(({ endsAt }) => endsAt === now)) call.release()
    const { node, release } = selector.select('orders', nodes)
    if (node.id === 'slow') ofSlow++
    underWay.push({ endsAt: now + (node.id === 'slow' ? 100 : 10), release })
  }

  assert.ok(ofSlow < 1250, `the slow one got ${ofSlow} of 10000, an even share is 2500`)
})

test('leastPendingSelector() forgets what it held of a node that left', () => {
  const selector = leastPendingSelector({ random: seeded(seed) })
  for (let i = 0; i < 50; i++) selector.select('orders', nodesOf('a'))
  selector.select('orders', nodesOf('b')).release()

  const held = Array.from({ length: 20 }, () => selector.select('orders', nodesOf('a', 'b')))

  const ofA = held.filter(({ node }) => node.id === 'a').length
  assert.ok(ofA >= 9, `a was chosen ${ofA} times of 20`)
})

test('leastPendingSelector() does not count a late release of a node that left and came back', () => {
  const selector = leastPendingSelector({ random: seeded(seed) })
  const late = Array.from({ length: 10 }, () => selector.select('orders', nodesOf('a')))
  selector.select('orders', nodesOf('b')).release()
  const nodes = nodesOf('a', 'b')
  for (let i = 0; i < 10; i++) selector.select('orders', nodes)
  for (const { release } of late) release()

  const held = Array.from({ length: 10 }, () => selector.select('orders', nodes))

  const ofA = held.filter(({ node }) => node.id === 'a').length
  assert.ok(ofA >= 4 && ofA <= 6, `a was chosen ${ofA} times of 10`)
})

test('leastPendingSelector() notices nodes that were changed within the same array', () => {
  const selector = leastPendingSelector({ random: seeded(seed) })
  const nodes = nodesOf('a', 'b')
  selector.select('orders', nodes).release()
  nodes.push({ id: 'c' })

  assert.equal(new Set(chosen(selector, nodes, 100)).size, 3)
})

function chosen(selector: ReturnType<typeof roundRobinSelector>, nodes: readonly { readonly id: string }[], times: number): string[] {
  return Array.from({ length: times }, () => {
    const { node, release } = selector.select('orders', nodes)
    release()
    return node.id
  })
}

// A linear congruential generator with the numbers of Numerical Recipes: poor, short, and the same everywhere.
function seeded(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
