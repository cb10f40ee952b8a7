import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sublist } from './sublist.js'
import { subjectMatches } from '../wire/subject.js'

const interest = (subject: string, queue?: string) => ({ subject, queue })

test('match() gives plain subscribers and groups by name, whatever their patterns', () => {
  const list = sublist()
  const exact = interest('a.b')
  const any = interest('a.*')
  const one = interest('a.b', 'workers')
  const two = interest('>', 'workers')
  const other = interest('a.b', 'audit')
  for (const each of [exact, any, one, two, other]) list.insert(each)

  const match = list.match('a.b')

  assert.deepEqual(new Set(match.plain), new Set([exact, any]))
  assert.deepEqual(match.groups.map((group) => group.length).sort(), [1, 2])
  assert.equal(list.size, 5)
})

test('match() remembers nothing that a later insertion or removal changed', () => {
  const list = sublist()
  assert.equal(list.match('a.b').plain.length, 0)
  const literal = interest('a.b')
  list.insert(literal)
  assert.equal(list.match('a.b').plain.length, 1)
  const pattern = interest('a.>')
  list.insert(pattern)
  assert.equal(list.match('a.b').plain.length, 2)
  list.remove(literal)
  list.remove(pattern)
  list.remove(pattern)
  assert.equal(list.match('a.b').plain.length, 0)
  assert.equal(list.size, 0)
})

test('match() of a subject with an empty token, or with wildcards, is of that text', () => {
  const list = sublist()
  list.insert(interest('>'))
  list.insert(interest('a.*'))

  assert.equal(list.match('a..b').plain.length, 0)
  assert.equal(list.match('.a').plain.length, 0)
  assert.equal(list.match('a.*').plain.length, 2)
  assert.equal(list.match('a.>').plain.length, 2)
})

test('match() agrees with subjectMatches() for random patterns', () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? 1)
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return Math.floor((state / 0x7fffffff) * below) % below
  }
  const word = (words: readonly string[], least: number) =>
    Array.from({ length: least + random(4) }, () => words[random(words.length)] as string).join('.')
  const list = sublist<{ readonly subject: string; readonly queue: undefined }>()
  const inserted: { subject: string; queue: undefined }[] = []

  for (let round = 0; round < 2000; round++) {
    const subject = word(['a', 'b', '*'], 1) + (random(4) === 0 ? '.>' : '')
    if (random(3) > 0 || inserted.length === 0) {
      const added = { subject, queue: undefined }
      inserted.push(added)
      list.insert(added)
    } else list.remove(inserted.splice(random(inserted.length), 1)[0] as (typeof inserted)[number])
    const published = word(['a', 'b', 'c'], 1)
    const expected = inserted.filter((each) => subjectMatches(each.subject, published))
    assert.deepEqual(new Set(list.match(published).plain), new Set(expected), `seed ${seed}, round ${round}, ${published}`)
  }
})
