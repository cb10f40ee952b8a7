import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRevision } from '../reference/revision.js'
import { parseAdvertised } from './advertised.js'
import { chooseRevision } from './choose.js'
import { compareVersions, fitsRange, parseVersion } from './semver.js'

const id = (digit: number) => String(digit).repeat(40)

const advertised = parseAdvertised(
  [
    `ref: refs/heads/main\tHEAD`,
    `${id(1)}\tHEAD`,
    `${id(1)}\trefs/heads/main`,
    `${id(2)}\trefs/heads/feature/x`,
    `${id(3)}\trefs/tags/v1.2.0`,
    `${id(9)}\trefs/tags/v1.10.0`,
    `${id(4)}\trefs/tags/v1.10.0^{}`,
    `${id(5)}\trefs/tags/v2.0.0-rc.1`,
    `${id(6)}\trefs/tags/release-3`,
    `${id(7)}\trefs/tags/broker/kafka/v0.1.0`,
    `${id(8)}\trefs/tags/both`,
    `${id(2)}\trefs/heads/both`,
    'nonsense',
  ].join('\n'),
)

const choose = (revision?: string, folder?: string) =>
  chooseRevision(advertised, {
    key: 'h.example/a/b',
    folder,
    revision: revision === undefined ? undefined : parseRevision(revision, revision),
  })

test('chooseRevision() takes the highest release when nothing is written, with the object of an annotated tag', () => {
  const chosen = choose()

  assert.deepEqual([chosen.commit, chosen.ref, chosen.tagObject], [id(4), 'refs/tags/v1.10.0', id(9)])
  assert.equal(choose('latest').commit, id(4))
})

test('chooseRevision() reads ranges, tags, branches and commits', () => {
  assert.equal(choose('~1.2').commit, id(3))
  assert.equal(choose('^1').commit, id(4))
  assert.equal(choose('^2.0.0-rc.0').commit, id(5))
  assert.equal(choose('feature/x').ref, 'refs/heads/feature/x')
  assert.equal(choose('release-3').commit, id(6))
  assert.equal(choose('tags/both').commit, id(8))
  assert.equal(choose('heads/both').commit, id(2))
  assert.equal(choose('HEAD').ref, 'refs/heads/main')
  assert.deepEqual(choose(id(0)), { commit: id(0), why: 'the commit' })
})

test('chooseRevision() looks at the version tags of a folder first, and at the repository when the folder has none', () => {
  assert.equal(choose(undefined, 'broker/kafka').commit, id(7))
  assert.equal(choose('^0.1', 'broker/kafka').commit, id(7))
  assert.equal(choose(undefined, 'broker/nats').commit, id(4))
})

test('chooseRevision() refuses what is not there, and what is there twice', () => {
  assert.throws(() => choose('devlop'), { code: 'not_found', reason: 'REVISION_NOT_FOUND' })
  assert.throws(() => choose('tags/main'), { reason: 'REVISION_NOT_FOUND' })
  assert.throws(() => choose('^3'), { code: 'not_found', reason: 'NO_VERSION_FITS' })
  assert.throws(() => choose('both'), { code: 'invalid_argument', reason: 'AMBIGUOUS_REF' })
})

test('compareVersions() has the order of semver.org', () => {
  const order = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.2.0',
    '1.10.0',
  ]
  const versions = order.map((text) => parseVersion(text)!)

  assert.deepEqual(versions.toReversed().sort(compareVersions), versions)
})

test('parseVersion() takes whole versions only', () => {
  for (const text of ['v1.2.3', '1.2.3', '1.2.3+build.5']) assert.deepEqual(parseVersion(text)?.numbers, [1, 2, 3])
  for (const text of ['v1', '1.2', 'release-1.2.3', 'v1.2.3.4', '']) assert.equal(parseVersion(text), undefined)
})

const fits: readonly (readonly [range: string, yes: readonly string[], no: readonly string[]])[] = [
  ['^1', ['1.0.0', '1.99.0'], ['0.9.9', '2.0.0', '1.5.0-rc.1']],
  ['^1.2', ['1.2.0', '1.10.0'], ['1.1.9', '2.0.0']],
  ['^0.2', ['0.2.0', '0.2.9'], ['0.3.0', '0.1.9']],
  ['^0.0.3', ['0.0.3'], ['0.0.4', '0.0.2']],
  ['^0', ['0.0.1', '0.9.0'], ['1.0.0']],
  ['^0.0', ['0.0.9'], ['0.1.0']],
  ['~1.2.3', ['1.2.3', '1.2.9'], ['1.3.0', '1.2.2']],
  ['~1', ['1.0.0', '1.9.0'], ['2.0.0']],
  ['>=1.2 <2', ['1.2.0', '1.9.9'], ['2.0.0', '1.1.9', '2.0.0-rc.1']],
  ['>1.2', ['1.3.0'], ['1.2.9', '1.2.0']],
  ['>1.2.3', ['1.2.4'], ['1.2.3']],
  ['<=1.2', ['1.2.9', '0.1.0'], ['1.3.0']],
  ['<=1.2.3', ['1.2.3'], ['1.2.4']],
  ['=1.2', ['1.2.0', '1.2.7'], ['1.3.0']],
  ['=1.2.3', ['1.2.3'], ['1.2.4']],
  ['^1.0.0-rc.1', ['1.0.0-rc.2', '1.0.0', '1.3.0'], ['1.0.0-beta', '1.1.0-rc.1']],
  ['latest', ['1.0.0'], ['1.0.0-rc.1']],
]

for (const [range, yes, no] of fits) {
  test(`fitsRange() "${range}" takes ${yes.join(', ')} and not ${no.join(', ')}`, () => {
    for (const text of yes) assert.ok(fitsRange(parseVersion(text)!, range), text)
    for (const text of no) assert.ok(!fitsRange(parseVersion(text)!, range), text)
  })
}
