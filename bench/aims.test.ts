import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeAim, unmeasured } from './aims.js'

test('judgeAim() decides by the whole interval, in both directions', () => {
  const pairs = (ratios: readonly number[]) => ratios.map((ratio) => ({ ours: ratio * 10, against: 10 }))
  const steady = pairs([1, 1.1, 1, 1.1, 1, 1.1])

  assert.equal(judgeAim('', steady, { atLeast: 0.9 }).met, true)
  assert.equal(judgeAim('', steady, { atLeast: 1.3 }).met, false)
  assert.equal(judgeAim('', steady, { atMost: 1.3 }).met, true)
  assert.equal(judgeAim('', steady, { atMost: 1.05 }).met, 'undecided')
  assert.equal(judgeAim('', steady.slice(1), { atMost: 1.3 }).met, 'undecided')
})

test('judgeAim() keeps medians, and what was wanted', () => {
  const found = judgeAim(
    'calls',
    [
      { ours: 20, against: 10 },
      { ours: 40, against: 10 },
      { ours: 80, against: 10 },
    ],
    { atLeast: 3 },
  )

  assert.deepEqual([found.ours, found.against, found.want, found.rounds], [40, 10, '>= 3', 3])
  assert.ok(Math.abs((found.ratio ?? 0) - 4) < 1e-9)
})

test('unmeasured() gives no figure, and says why', () => {
  const { ours, ratio, met, note } = unmeasured('calls', { atMost: 1 }, false, 'not there yet')

  assert.deepEqual([ours, ratio, met, note], [null, null, false, 'not there yet'])
})
