import assert from 'node:assert/strict'
import type { ConformanceCase, Suite } from '../testing/index.js'
import type { Watch } from '../base/index.js'
import type { Config, ConfigChange, ConfigFeature, ConfigPath, JsonValue } from './config.js'

type Case = ConformanceCase<Config, ConfigFeature>

/** A case that sets something. Where that is not claimed, it must be refused. */
const writing = (name: string, run: Case['run']): Case => ({ name, needs: 'write', refuses: ({ subject }) => subject.set('a', 1), run })

const reading: readonly Case[] = [
  {
    name: 'get() of the whole gives a map, also when it is empty',
    async run({ subject }) {
      assert.deepEqual(subject.get(''), {})
      assert.deepEqual(subject.get([]), {})
      assert.equal(subject.sourceOf(''), undefined)
    },
  },
  {
    name: 'get() and sourceOf() of what nobody said give undefined',
    async run({ subject }) {
      for (const path of ['a', 'a.b.c', ['a.b'], ['']]) {
        assert.equal(subject.get(path), undefined)
        assert.equal(subject.sourceOf(path), undefined)
      }
    },
  },
  {
    name: 'get() of what every object inherits gives undefined',
    async run({ subject }) {
      for (const path of ['constructor', 'toString', 'hasOwnProperty', 'constructor.prototype', 'a.constructor']) {
        assert.equal(subject.get(path), undefined)
        assert.equal(subject.sourceOf(path), undefined)
      }
    },
  },
  {
    name: 'get(), sourceOf() and watch() refuse a bad path',
    async run({ subject }) {
      for (const path of badPaths) {
        assert.throws(() => subject.get(path), pathInvalid)
        assert.throws(() => subject.sourceOf(path), pathInvalid)
        await assert.rejects(subject.watch(path), pathInvalid)
      }
    },
  },
  {
    name: 'watch() with a signal ends quietly when the signal aborts',
    async run({ subject }) {
      const controller = new AbortController()
      const watch = await subject.watch('', { signal: controller.signal })
      const read = take(watch, 1)

      controller.abort()

      assert.deepEqual(await read, [])
    },
  },
  {
    name: 'close() ends the watches, and twice is once',
    async run({ subject }) {
      const read = take(await subject.watch(''), 1)

      await Promise.all([subject.close(), subject.close()])
      await subject.close()

      assert.deepEqual(await read, [])
    },
  },
  {
    name: 'close() makes every operation fail with CLOSED, and reading throw it',
    async run({ subject }) {
      await subject.close()

      const closed = { code: 'failed_precondition', reason: 'CLOSED' }
      assert.throws(() => subject.get('a'), closed)
      assert.throws(() => subject.sourceOf('a'), closed)
      await assert.rejects(subject.set('a', 1), closed)
      await assert.rejects(subject.delete('a'), closed)
      await assert.rejects(subject.watch('a'), closed)
    },
  },
  {
    name: 'delete() is refused where set() is',
    needs: 'write',
    refuses: ({ subject }) => subject.delete('a'),
    async run({ subject }) {
      assert.equal(await subject.delete('a'), false)
    },
  },
]

const writes: readonly Case[] = [
  writing('set() puts any JSON value, which get() gives back', async ({ subject }) => {
    const values: readonly JsonValue[] = [
      null,
      true,
      false,
      0,
      -1.5,
      1e21,
      '',
      'tea',
      'ä€😀\n',
      [],
      [1, [2, { a: 3 }]],
      {},
      { a: { b: null } },
    ]
    for (const [index, value] of values.entries()) {
      await subject.set(`value${index}`, value)

      assert.deepEqual(subject.get(`value${index}`), value)
      assert.equal(typeof subject.sourceOf(`value${index}`), 'string')
    }
  }),
  writing('set() of a value of 64 KiB and of 50 levels gives it back', async ({ subject }) => {
    const large = 'x'.repeat(65_536)
    let deep: JsonValue = 'bottom'
    for (let level = 0; level < 50; level++) deep = { below: deep }

    await subject.set('large', large)
    await subject.set('deep', deep)

    assert.equal(subject.get('large'), large)
    assert.deepEqual(subject.get('deep'), deep)
  }),
  writing('set() of a dotted path makes the maps on the way', async ({ subject }) => {
    await subject.set('database.pool.size', 5)

    assert.deepEqual(subject.get(''), { database: { pool: { size: 5 } } })
    assert.deepEqual(subject.get(['database', 'pool']), { size: 5 })
  }),
  writing('set() keeps its neighbours', async ({ subject }) => {
    await subject.set('database', { host: 'a', port: 1 })
    await subject.set('database.host', 'b')

    assert.deepEqual(subject.get('database'), { host: 'b', port: 1 })
  }),
  writing('set() of a map replaces what set() had put there', async ({ subject }) => {
    await subject.set('database', { host: 'a', port: 1 })
    await subject.set('database', { host: 'b' })

    assert.deepEqual(subject.get('database'), { host: 'b' })
  }),
  writing('set() below a scalar or a list puts a map in its place', async ({ subject }) => {
    await subject.set('scalar', 1)
    await subject.set('list', [1, 2])
    await subject.set('scalar.x', 2)
    await subject.set('list.0', 3)

    assert.deepEqual(subject.get(''), { scalar: { x: 2 }, list: { 0: 3 } })
  }),
  writing('set() takes a step with a dot in the list form', async ({ subject }) => {
    await subject.set(['hosts', 'a.example'], 1)

    assert.equal(subject.get(['hosts', 'a.example']), 1)
    assert.equal(subject.get('hosts.a.example'), undefined)
    assert.deepEqual(subject.get('hosts'), { 'a.example': 1 })
  }),
  writing('get() does not step into a list', async ({ subject }) => {
    await subject.set('list', [{ a: 1 }])

    assert.equal(subject.get('list.0'), undefined)
    assert.equal(subject.get('list.length'), undefined)
  }),
  writing('set() keeps its own copy, and nobody changes what get() gave', async ({ subject }) => {
    const value = { list: [1], map: { a: 1 } }
    await subject.set('own', value)
    value.list.push(2)
    value.map.a = 2
    const given = subject.get('own') as { list: number[] }
    try {
      given.list.push(3)
    } catch {
      // Frozen, as it may be; if not, the next line shows whether the tree was reached.
    }

    assert.deepEqual(subject.get('own'), { list: [1], map: { a: 1 } })
  }),
  writing('set() of the names that every object inherits is data and nothing else', async ({ subject }) => {
    await subject.set('constructor.prototype.polluted', true)
    await subject.set('toString', 'text')

    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    assert.equal(typeof {}.toString, 'function')
    assert.equal(subject.get('constructor.prototype.polluted'), true)
    assert.equal(subject.get('toString'), 'text')
  }),
  writing('set() and delete() refuse a bad path, and change nothing', async ({ subject }) => {
    for (const path of badPaths) {
      await assert.rejects(subject.set(path, { polluted: true }), pathInvalid)
      await assert.rejects(subject.delete(path), pathInvalid)
    }

    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    assert.deepEqual(subject.get(''), {})
  }),
  writing('set() refuses what JSON cannot say, and a whole that is no map', async ({ subject }) => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const bad: readonly unknown[] = [
      undefined,
      NaN,
      Infinity,
      1n,
      () => 1,
      Symbol('s'),
      new Date(0),
      new Map(),
      { a: undefined },
      [undefined],
      cycle,
    ]
    const valueInvalid = { code: 'invalid_argument', reason: 'VALUE_INVALID' }
    for (const value of bad) await assert.rejects(subject.set('a', value as JsonValue), valueInvalid)
    await assert.rejects(subject.set('a', JSON.parse('{"b":{"__proto__":{"polluted":true}}}') as JsonValue), valueInvalid)
    for (const whole of [null, 1, 'text', [1]]) await assert.rejects(subject.set('', whole), valueInvalid)

    assert.deepEqual(subject.get(''), {})
  }),
  writing('set() of the whole replaces all that set() has put', async ({ subject }) => {
    await subject.set('a', 1)
    await subject.set('', { b: 2 })

    assert.deepEqual(subject.get(''), { b: 2 })
  }),
  writing('set() with an aborted signal is canceled and changes nothing', async ({ subject }) => {
    const signal = AbortSignal.abort()
    await subject.set('a', 1)

    await assert.rejects(subject.set('a', 2, { signal }), { code: 'canceled' })
    await assert.rejects(subject.delete('a', { signal }), { code: 'canceled' })

    assert.equal(subject.get('a'), 1)
  }),
  writing('set() of many paths at once keeps them all', async ({ subject }) => {
    const keys = Array.from({ length: 50 }, (_, index) => `key${index}`)

    await Promise.all(keys.map((key, index) => subject.set(['many', key], index)))

    assert.deepEqual(subject.get('many'), Object.fromEntries(keys.map((key, index) => [key, index])))
  }),
  writing('set() by two callers of one path leaves one of the two values whole', async ({ subject }) => {
    const one = { by: 'one', list: [1, 1] }
    const two = { by: 'two', list: [2, 2] }

    await Promise.all([subject.set('both', one), subject.set('both', two)])

    assert.deepEqual(subject.get('both'), (subject.get('both.by') as string) === 'one' ? one : two)
  }),
  writing('set() reaches another reader of the same configuration', async (context) => {
    const peer = await context.peer()

    await context.subject.set('shared.value', 'tea')

    await context.eventually(() => peer.get('shared.value') === 'tea')
  }),
  writing('delete() takes away what set() has put, with all below, and says whether there was something', async ({ subject }) => {
    await subject.set('database', { host: 'a', pool: { size: 1 } })

    assert.equal(await subject.delete('database.pool'), true)
    assert.deepEqual(subject.get('database'), { host: 'a' })
    assert.equal(await subject.delete('database.pool'), false)
    assert.equal(await subject.delete('database.host.deeper'), false)
    assert.equal(await subject.delete('database'), true)
    assert.equal(subject.get('database'), undefined)
    assert.equal(subject.sourceOf('database'), undefined)
  }),
  writing('delete() of the last in a map takes the map too', async ({ subject }) => {
    await subject.set('a.b.c', 1)

    assert.equal(await subject.delete('a.b.c'), true)

    assert.deepEqual(subject.get(''), {})
  }),
  writing('delete() of the whole takes away all that set() has put', async ({ subject }) => {
    await subject.set('a', 1)
    await subject.set('b.c', 2)

    assert.equal(await subject.delete(''), true)
    assert.deepEqual(subject.get(''), {})
    assert.equal(await subject.delete(''), false)
  }),
  writing('sourceOf() of a map names who has a part in it, and of a path below a scalar nobody', async ({ subject }) => {
    await subject.set('map.a', 1)

    assert.equal(subject.sourceOf('map'), subject.sourceOf('map.a'))
    assert.equal(subject.sourceOf(''), subject.sourceOf('map.a'))
    assert.equal(subject.sourceOf('map.a.deeper'), undefined)
  }),
  {
    name: 'set() with secret keeps the value for get(), or is refused',
    needs: 'secret',
    refuses: ({ subject }) => subject.set('password', 'hunter2', { secret: true }),
    async run({ subject }) {
      await subject.set('password', 'hunter2', { secret: true })

      assert.equal(subject.get('password'), 'hunter2')
    },
  },
]

const watching: readonly Case[] = [
  writing('watch() tells the value before and after, in the order in which it happened', async ({ subject }) => {
    const watch = await subject.watch('size')

    await subject.set('size', 1)
    await subject.set('size', 2)
    await subject.delete('size')

    const changes = await take(watch, 3)
    assert.deepEqual(
      changes.map(({ path, previous, value }) => [path, previous, value]),
      [
        [['size'], undefined, 1],
        [['size'], 1, 2],
        [['size'], 2, undefined],
      ],
    )
    assert.equal(typeof changes[0]?.source, 'string')
    assert.equal(changes[2]?.source, undefined)
  }),
  writing('watch() of a map tells the whole map when something below changes', async ({ subject }) => {
    await subject.set('database', { host: 'a', port: 1 })
    const watch = await subject.watch('database')

    await subject.set('database.host', 'b')

    const [change] = await take(watch, 1)
    assert.deepEqual(change?.path, ['database'])
    assert.deepEqual(change?.previous, { host: 'a', port: 1 })
    assert.deepEqual(change?.value, { host: 'b', port: 1 })
  }),
  writing('watch() of a path tells of a change above it that reaches it', async ({ subject }) => {
    const watch = await subject.watch('database.host')

    await subject.set('database', { host: 'a' })
    await subject.set('database', 'none')

    const changes = await take(watch, 2)
    assert.deepEqual(
      changes.map(({ previous, value }) => [previous, value]),
      [
        [undefined, 'a'],
        ['a', undefined],
      ],
    )
  }),
  writing('watch() says nothing when a value is set to what it is, or something else changes', async ({ subject }) => {
    await subject.set('map', { a: 1, b: [2] })
    const watch = await subject.watch('map')

    await subject.set('map', { b: [2], a: 1 })
    await subject.set('other', 1)
    await subject.delete('nothing')
    await subject.set('map.a', 3)

    const [change] = await take(watch, 1)
    assert.deepEqual(change?.previous, { a: 1, b: [2] })
    assert.deepEqual(change?.value, { a: 3, b: [2] })
  }),
  writing('watch() of the whole tells of every change', async ({ subject }) => {
    const watch = await subject.watch('')

    await subject.set('a', 1)
    await subject.set('b.c', 2)

    const changes = await take(watch, 2)
    assert.deepEqual(
      changes.map(({ value }) => value),
      [{ a: 1 }, { a: 1, b: { c: 2 } }],
    )
  }),
  writing('watch() by two readers tells both', async ({ subject }) => {
    const watches = [await subject.watch('a'), await subject.watch('a')]

    await subject.set('a', 1)

    for (const watch of watches) assert.equal((await take(watch, 1))[0]?.value, 1)
  }),
  writing('watch() that is closed ends, and the other watches go on', async ({ subject }) => {
    const ended = await subject.watch('a')
    const kept = await subject.watch('a')

    await ended.close()
    await ended.close()
    await subject.set('a', 1)

    assert.deepEqual(await take(ended, 1), [])
    assert.equal((await take(kept, 1))[0]?.value, 1)
  }),
]

/** What every Config does. The subject is empty at first: no source has a value. */
export const configSuite: Suite<Config, ConfigFeature> = {
  kind: 'config',
  features: ['write', 'secret'],
  cases: [...reading, ...writes, ...watching],
}

const pathInvalid = { code: 'invalid_argument', reason: 'PATH_INVALID' }
const badPaths = [
  '.',
  'a..b',
  '.a',
  'a.',
  '__proto__',
  'a.__proto__.b',
  ['a', '__proto__'],
  1,
  null,
  undefined,
  [1],
] as unknown as readonly ConfigPath[]

/** The first `count` changes, or fewer when the watch ends before. */
async function take(watch: Watch<ConfigChange>, count: number): Promise<ConfigChange[]> {
  const changes: ConfigChange[] = []
  for await (const change of watch) if (changes.push(change) >= count) break
  return changes
}
