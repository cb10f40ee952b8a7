import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '../../testing/clock.js'
import { patternCovers, patternsOverlap, subjectMatches } from '../wire/subject.js'
import { permit } from './permissions.js'
import { responses } from './responses.js'
import { natsServer } from './server.js'

test('patternCovers() and patternsOverlap() agree with what subjects do', () => {
  const tokens = ['a', 'b', '*', '>']
  const patterns = [
    ...tokens,
    ...tokens.slice(0, 3).flatMap((one) => tokens.map((two) => `${one}.${two}`)),
    'a.*.b',
    'a.b.>',
    '*.*.*',
    '*.b.>',
  ]
  const words = ['a', 'b', 'c']
  const subjects = [
    ...words,
    ...words.flatMap((one) =>
      words.flatMap((two) => [`${one}.${two}`, ...words.flatMap((three) => [`${one}.${two}.${three}`, `${one}.${two}.${three}.d`])]),
    ),
  ]

  for (const outer of patterns)
    for (const inner of patterns) {
      const found = subjects.filter((subject) => subjectMatches(inner, subject))
      assert.equal(
        patternCovers(outer, inner),
        found.every((subject) => subjectMatches(outer, subject)),
        `${outer} covers ${inner}`,
      )
      assert.equal(
        patternsOverlap(outer, inner),
        found.some((subject) => subjectMatches(outer, subject)),
        `${outer} overlaps ${inner}`,
      )
    }
})

test('permit() lets deny win, whatever the queue group and the wildcard', () => {
  const denied = ['secret', 'secret.a', 'deep.secret.x']
  const rules = permit({ subscribe: { deny: ['secret', 'secret.>', '*.secret.*', 'one only', 'many.* g.*'] } }, 'ann')

  for (const queue of [undefined, 'g', 'only', 'g.x'])
    for (const subject of denied) {
      assert.equal(rules.maySubscribe(subject, queue), false, `${subject} ${queue}`)
      assert.equal(rules.isDenied(subject, queue), true, `${subject} ${queue}`)
      for (const pattern of ['>', '*', 'secret.*', '*.*', '*.*.*', 'deep.>', '*.secret.>'])
        if (subjectMatches(pattern, subject) && rules.maySubscribe(pattern, queue))
          assert.equal(rules.isPartlyDenied(pattern, queue), true, `${pattern} ${queue}`)
    }
  assert.equal(rules.maySubscribe('one', undefined), true)
  assert.equal(rules.maySubscribe('one', 'only'), false)
  assert.equal(rules.maySubscribe('many.x', 'g.1'), false)
  assert.equal(rules.isDenied('many.x', 'g.1'), true)
  assert.equal(rules.isDenied('many.x', 'h.1'), false)
  assert.equal(rules.isPartlyDenied('other.*', 'g'), false)
})

test('permit() takes subjects as UTF-8, as they are on the wire', () => {
  const rules = permit({ publish: { allow: ['grüße.*'] } }, 'ann')

  assert.equal(rules.mayPublish(Buffer.from('grüße.an').toString('latin1')), true)
  assert.equal(rules.mayPublish(Buffer.from('grusse.an').toString('latin1')), false)
})

test('permit() answers the same after more subjects than it remembers', () => {
  const rules = permit({ publish: { allow: ['a.*'], deny: ['a.7'] } }, 'ann')

  for (let round = 0; round < 3; round++)
    for (let index = 0; index < 5000; index++) assert.equal(rules.mayPublish(`a.${index}`), index !== 7)
})

test('natsServer() refuses users and permissions that cannot be meant', async () => {
  const ann = { user: 'ann', password: 'p' }
  for (const users of [
    [ann, ann],
    [{ ...ann, user: '' }],
    [{ ...ann, password: '' }],
    [{ ...ann, password: '$2a$11$W2zko751KUvVy59mUTWmpOdWjpEm5qhcCZRd05GjI/sSOT.xtiHyG' }],
  ])
    await assert.rejects(natsServer({ users }), { code: 'invalid_argument', reason: 'NATS_USER_INVALID' })
  await assert.rejects(natsServer({ token: '' }), { code: 'invalid_argument', reason: 'NATS_USER_INVALID' })
  for (const permissions of [
    { publish: { allow: ['a..b'] } },
    { publish: { deny: ['a b'] } },
    { subscribe: { deny: ['a b c'] } },
    { subscribe: { allow: [''] } },
  ])
    await assert.rejects(natsServer({ users: [{ ...ann, permissions }] }), { code: 'invalid_argument', reason: 'PERMISSION_INVALID' })
})

test('responses() forgets what is too old, used up, or the oldest of too many', async () => {
  const clock = testClock()
  const open = responses({ max: 2, expiresMs: 1000 }, clock)

  open.note('a')
  assert.deepEqual([open.take('a'), open.take('a'), open.take('a'), open.take('b')], [true, true, false, false])
  open.note('c')
  await clock.advance(1001)
  assert.equal(open.take('c'), false)
  for (let index = 0; index < 5000; index++) open.note(`r.${index}`)
  assert.equal(open.take('r.0'), false)
  assert.equal(open.take('r.4999'), true)
})
