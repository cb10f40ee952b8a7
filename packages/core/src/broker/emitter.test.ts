import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emitter } from './emitter.js'

function listening(random: () => number = Math.random) {
  const hub = emitter<number>(random)
  const got: string[] = []
  const listen = (name: string, topic: string, queue?: string) =>
    hub.listen(topic, (at, value) => got.push(`${name} ${at} ${value}`), queue)
  return { hub, got, listen }
}

test('emit() calls those who listen, at once, in their order, and says how many', () => {
  const { hub, got, listen } = listening()
  listen('one', 'a.b')
  listen('two', 'a.b')
  listen('any', 'a.*')
  listen('rest', '>')

  assert.deepEqual([hub.emit('a.b', 1), hub.emit('a.c', 2), hub.emit('c', 3)], [4, 2, 1])

  assert.deepEqual(got.slice(0, 4).sort(), ['any a.b 1', 'one a.b 1', 'rest a.b 1', 'two a.b 1'])
  assert.ok(got.indexOf('one a.b 1') < got.indexOf('two a.b 1'))
  assert.deepEqual(got.slice(4).sort(), ['any a.c 2', 'rest a.c 2', 'rest c 3'])
})

test('emit() calls one of each queue group, which chance picks', () => {
  const draws = [0, 0.99, 0.5]
  const { hub, got, listen } = listening(() => draws.shift() ?? 0)
  for (const name of ['x', 'y', 'z']) listen(name, 'a', 'group')

  for (let value = 1; value <= 3; value++) assert.equal(hub.emit('a', value), 1)

  assert.deepEqual(got, ['x a 1', 'z a 2', 'y a 3'])
})

test('emit() sees who came and who went since the last time, also within one', () => {
  const { hub, got, listen } = listening()
  const leave = listen('one', 'a')
  hub.emit('a', 1)
  listen('two', 'a')
  hub.emit('a', 2)
  leave()
  leave()
  hub.listen('a', () => void listen('late', 'a'))
  hub.emit('a', 3)
  hub.emit('b', 4)
  hub.emit('a', 5)

  assert.deepEqual(got, ['one a 1', 'one a 2', 'two a 2', 'two a 3', 'two a 5', 'late a 5'])
})
