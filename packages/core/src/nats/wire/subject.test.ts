import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLiteralSubject, isPattern, isSubject, subjectMatches } from './subject.js'

test('isSubject() takes tokens, wildcards as whole tokens and > at the end only', () => {
  for (const subject of ['a', 'a.b', '*', '>', 'a.*.c', 'a.>', 'a*', 'a>b', '$SYS._x-1', 'ä.ö']) assert.ok(isSubject(subject), subject)
  for (const subject of ['', '.', 'a.', '.a', 'a..b', 'a.>.b', 'a b', 'a\tb', 'a\r\nb']) assert.ok(!isSubject(subject), subject)
})

test('isLiteralSubject() and isPattern() tell wildcards from asterisks inside a token', () => {
  assert.ok(isPattern('a.*'))
  assert.ok(isPattern('>'))
  assert.ok(!isPattern('a*.b>c'))
  assert.ok(isLiteralSubject('a*.b>c'))
  assert.ok(!isLiteralSubject('a.>'))
  assert.ok(!isLiteralSubject('a..b'))
})

test('subjectMatches() counts tokens', () => {
  const matching = [
    ['a.b', 'a.b'],
    ['a.*', 'a.b'],
    ['*.*', 'a.b'],
    ['>', 'a'],
    ['>', 'a.b.c'],
    ['a.>', 'a.b.c'],
    ['a.*.>', 'a.b.c'],
  ] as const
  const different = [
    ['a.b', 'a.c'],
    ['a.b', 'a.b.c'],
    ['a.*', 'a'],
    ['a.*', 'a.b.c'],
    ['a.>', 'a'],
    ['*', 'a.b'],
    ['a.*.>', 'a.b'],
  ] as const

  for (const [pattern, subject] of matching) assert.ok(subjectMatches(pattern, subject), `${pattern} ${subject}`)
  for (const [pattern, subject] of different) assert.ok(!subjectMatches(pattern, subject), `${pattern} ${subject}`)
})
