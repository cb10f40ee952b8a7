import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyLock, withPlugin } from '../lock/lock.js'
import { planLinks } from './plan.js'

type Use = readonly [key: string, revision: string, commit: string]

const lockOf = (...uses: readonly Use[]) =>
  uses.reduce(
    (lock, [key, revision, commit]) =>
      withPlugin(lock, {
        key,
        url: 'x',
        revision,
        commit,
        known: { ref: 'refs/heads/main', h1: `${key} ${commit}`, files: 1, bytes: 1, types: [], implementations: [] },
      }),
    emptyLock,
  )

const show = (...uses: readonly Use[]) =>
  planLinks(lockOf(...uses)).links.map(
    ({ path, to }) =>
      `${path} -> ${'sibling' in to ? to.sibling : `${'at' in to ? to.at : to.h1}${!('folder' in to) || to.folder === undefined ? '' : ` ${to.folder}`}`}`,
  )

test('planLinks() gives a repository in one commit its own name', () => {
  assert.deepEqual(show(['h.x/a/b', 'v1', 'c1']), ['h.x/a/b -> h.x/a/b c1'])
  assert.deepEqual(show(['h.x/a/b', 'v1', 'c1'], ['h.x/a/b', 'main', 'c1']), ['h.x/a/b -> h.x/a/b c1'])
})

test('planLinks() gives two commits their revisions, and the bare name to the first', () => {
  assert.deepEqual(show(['h.x/a/b', 'v1', 'c1'], ['h.x/a/b', 'feature/x', 'c2']), [
    'h.x/a/b -> b@feature~x',
    'h.x/a/b@feature~x -> h.x/a/b c2',
    'h.x/a/b@v1 -> h.x/a/b c1',
  ])
  assert.deepEqual(show(['h.x/a/b', '', 'c1'], ['h.x/a/b', 'v1', 'c2']), [
    'h.x/a/b -> b@main',
    'h.x/a/b@main -> h.x/a/b c1',
    'h.x/a/b@v1 -> h.x/a/b c2',
  ])
})

test('planLinks() shows folders through the link of their repository, and else each by its own', () => {
  assert.deepEqual(show(['h.x/a/b', '', 'c1'], ['h.x/a/b//s/t', '', 'c1']), ['h.x/a/b -> h.x/a/b c1'])
  assert.deepEqual(show(['h.x/a/b//s', '', 'c1'], ['h.x/a/b//t', '', 'c1']), [
    'h.x/a/b/s -> h.x/a/b//s c1 s',
    'h.x/a/b/t -> h.x/a/b//t c1 t',
  ])
  assert.deepEqual(show(['h.x/a/b//s/t', 'v1', 'c1'], ['h.x/a/b//s/t', 'v2', 'c2']), [
    'h.x/a/b/s/t -> ../../b@v1/s/t',
    'h.x/a/b@v1/s/t -> h.x/a/b//s/t c1 s/t',
    'h.x/a/b@v2/s/t -> h.x/a/b//s/t c2 s/t',
  ])
})

test('planLinks() tells two commits of one revision apart', () => {
  const paths = show(['h.x/a/b', 'develop', 'c1'], ['h.x/a/b//s', 'develop', 'c2']).map((line) => line.split(' ')[0])

  assert.deepEqual(paths, ['h.x/a/b', 'h.x/a/b@develop-c1', 'h.x/a/b@develop-c2/s'])
})

test('planLinks() says of each plugin where it is seen', () => {
  const { plugins } = planLinks(lockOf(['h.x/a/b', '', 'c1'], ['h.x/a/b//s', '', 'c1'], ['h.x/c/d//e', '', 'c3']))

  assert.deepEqual(
    plugins.map(({ key, path }) => [key, path]),
    [
      ['h.x/a/b', 'h.x/a/b'],
      ['h.x/a/b//s', 'h.x/a/b/s'],
      ['h.x/c/d//e', 'h.x/c/d/e'],
    ],
  )
})
