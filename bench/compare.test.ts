import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare, judge, ratioOf } from './compare.js'

/** Numbers from 0 to 1 that are the same in every run (Lehmer's generator). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

test('ratioOf() weighs a ratio and its inverse the same', () => {
  const { ratio } = ratioOf([2, 0.5, 2, 0.5, 4, 0.25])

  assert.ok(Math.abs(ratio - 1) < 1e-12)
})

test('ratioOf() has the true ratio in its interval about 95 times of 100', () => {
  const random = numbers(7)
  const sample = () => Array.from({ length: 12 }, () => 1.1 * Math.exp(0.4 * (random() + random() + random() - 1.5)))

  const hits = Array.from({ length: 1000 }, () => ratioOf(sample()).interval).filter(([low, high]) => low <= 1.1 && 1.1 <= high).length

  assert.ok(hits > 925 && hits < 975, `${hits} of 1000`)
})

test('judge() decides only when the whole interval lies on one side', () => {
  assert.equal(judge([1.05, 1.19], 1.2), 'met')
  assert.equal(judge([1.21, 1.3], 1.2), 'missed')
  assert.equal(judge([1.1, 1.3], 1.2), 'undecided')
})

test('compare() takes more rounds while the noise hides the answer, and gives up at the most', async () => {
  const random = numbers(11)
  const steady = await compare({ name: 'steady', subject: async () => 10 + random(), baseline: async () => 10 + random(), atMost: 1.2 })
  const close = await compare({
    name: 'close',
    subject: async () => 12 * (0.5 + random()),
    baseline: async () => 10 * (0.5 + random()),
    atMost: 1.2,
    rounds: { least: 6, most: 12 },
  })

  assert.deepEqual([steady.verdict, steady.rounds], ['met', 10])
  assert.equal(close.rounds, 12)
})

test('compare() alternates which of the two goes first', async () => {
  const order: string[] = []
  const noting = (name: string) => async () => {
    order.push(name)
    return 1
  }

  await compare({ name: 'order', subject: noting('ours'), baseline: noting('theirs'), atMost: 2, rounds: { least: 6, most: 6 } })

  assert.deepEqual(order.slice(2, 8), ['ours', 'theirs', 'theirs', 'ours', 'ours', 'theirs'])
})
