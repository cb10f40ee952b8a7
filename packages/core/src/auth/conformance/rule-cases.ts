import assert from 'node:assert/strict'
import type { Resource, Rule } from '../auth.js'
import { admin, anything, may, placed, reader, rule, type AuthCase } from './samples.js'

/** A case about rules. */
const ruling = (
  name: string,
  run: AuthCase['run'],
  refuses: AuthCase['refuses'] = ({ subject }) => subject.grant(rule('r')),
): AuthCase => ({
  name,
  needs: 'rules',
  refuses,
  run,
})

/** `verify`, `grant`, `revoke` and `rules`. */
export const ruleCases: readonly AuthCase[] = [
  {
    name: 'verify() without the feature rules lets everyone do everything; with it, and no rule, nobody anything',
    async run({ subject }) {
      const allowed = !subject.features.has('rules')
      for (const caller of [undefined, reader, admin]) assert.equal(await may(subject, caller, placed), allowed)
    },
  },
  ruling('verify() says who is missing: an account, or the permission', async ({ subject }) => {
    await assert.rejects(subject.verify(undefined, placed), { code: 'unauthenticated', reason: 'ACCOUNT_REQUIRED' })
    await assert.rejects(subject.verify(reader, placed), { code: 'permission_denied', reason: 'ACCESS_DENIED' })

    await subject.grant(rule('no', { scope: '', access: 'denied' }))

    await assert.rejects(subject.verify(undefined, placed), { code: 'unauthenticated', reason: 'ACCOUNT_REQUIRED' })
    await assert.rejects(subject.verify(reader, placed), { code: 'permission_denied', reason: 'ACCESS_DENIED' })
  }),
  ruling('verify() with scope "" lets in everyone, with "*" every account, with a name those that have it', async ({ subject }) => {
    const expected: Readonly<Record<string, readonly boolean[]>> = {
      '': [true, true, true],
      '*': [false, true, true],
      admin: [false, false, true],
      adm: [false, false, false],
      Admin: [false, false, false],
    }
    for (const [scope, [nobody, some, admins]] of Object.entries(expected)) {
      await subject.grant(rule('one', { scope }))
      assert.equal(await may(subject, undefined, placed), nobody, `"${scope}", nobody`)
      assert.equal(await may(subject, reader, placed), some, `"${scope}", reader`)
      assert.equal(await may(subject, admin, placed), admins, `"${scope}", admin`)
    }
  }),
  ruling('verify() compares type and name as whole words, or takes any for "*"', async ({ subject }) => {
    const matrix: readonly (readonly [Partial<Resource>, Partial<Resource>, boolean])[] = [
      [{}, {}, true],
      [{ type: '*' }, { type: 'topic' }, true],
      [{ name: '*' }, { name: 'stock' }, true],
      [{ type: '*', name: '*', endpoint: '*' }, { type: 'a', name: 'b', endpoint: 'c' }, true],
      [{}, { type: 'topic' }, false],
      [{}, { name: 'order' }, false],
      [{}, { name: 'orders2' }, false],
      [{}, { name: 'Orders' }, false],
      [{ type: '*' }, { name: 'stock' }, false],
      [{ name: '*' }, { type: 'topic' }, false],
      // A question with a star asks for a thing of that name, not for everything.
      [{}, { name: '*' }, false],
      [{}, { type: '*', name: '*', endpoint: '*' }, false],
    ]
    for (const [pattern, asked, allowed] of matrix) {
      await subject.grant(rule('one', { resource: { ...placed, ...pattern } }))
      assert.equal(await may(subject, reader, { ...placed, ...asked }), allowed, `${JSON.stringify(pattern)} for ${JSON.stringify(asked)}`)
    }
  }),
  ruling('verify() takes "/*" and ".*" at the end of an endpoint for anything below, and not for the path itself', async ({ subject }) => {
    const matrix: readonly (readonly [pattern: string, fits: readonly string[], fitsNot: readonly string[]])[] = [
      ['*', ['', '/', 'x', '/a/b', 'Orders.Place'], []],
      ['Orders.Place', ['Orders.Place'], ['Orders.PlaceAll', 'orders.place', 'Orders', 'XOrders.Place']],
      ['Orders.*', ['Orders.Place', 'Orders.Sub.Thing'], ['Orders', 'Orders.', 'OrdersX.Place', 'XOrders.Place', 'orders.Place']],
      ['/path/*', ['/path/a', '/path/a/b', '/path/a.b'], ['/path', '/path/', '/pathx', '/path2/a', '/x/path/a', 'path/a']],
      ['/a/b/*', ['/a/b/c'], ['/a/b', '/a/c/b', '/a/bc/d']],
      ['/*', ['/a', '/a/b'], ['/', '', 'a']],
      ['/v1.*', ['/v1.2', '/v1.2/x'], ['/v1', '/v1/x']],
    ]
    for (const [endpoint, fits, fitsNot] of matrix) {
      await subject.grant(rule('one', { resource: { ...placed, endpoint } }))
      for (const asked of fits)
        assert.equal(await may(subject, reader, { ...placed, endpoint: asked }), true, `${endpoint} fits "${asked}"`)
      for (const asked of fitsNot)
        assert.equal(await may(subject, reader, { ...placed, endpoint: asked }), false, `${endpoint} does not fit "${asked}"`)
    }
  }),
  ruling('verify() lets no path with dot steps out of what is granted, and none that is too long', async ({ subject }) => {
    await subject.grant(rule('public', { resource: { ...placed, endpoint: '/public/*' } }))
    await subject.grant(rule('all', { scope: 'admin', resource: { ...placed, endpoint: '*' } }))

    for (const endpoint of ['/public/../admin', '/public/..', '/public/./x', '..', `/public/${'x'.repeat(1100)}`])
      for (const caller of [reader, admin]) assert.equal(await may(subject, caller, { ...placed, endpoint }), false, endpoint)
    assert.equal(await may(subject, reader, { ...placed, endpoint: '/public/..x/y..' }), true)
  }),
  ruling('verify() lets the highest priority decide, however exact the others are', async ({ subject }) => {
    await subject.grant(rule('grant all', { scope: '', resource: anything, priority: 0 }))
    assert.equal(await may(subject, reader, placed), true)

    await subject.grant(rule('deny orders', { scope: '*', resource: { ...anything, name: 'orders' }, access: 'denied', priority: 1 }))
    assert.equal(await may(subject, reader, placed), false)
    assert.equal(await may(subject, reader, { ...placed, name: 'stock' }), true)

    await subject.grant(rule('grant admins', { scope: 'admin', resource: anything, priority: 2 }))
    assert.equal(await may(subject, admin, placed), true)
    assert.equal(await may(subject, reader, placed), false)

    await subject.grant(rule('deny exactly', { scope: 'admin', access: 'denied', priority: -1 }))
    assert.equal(await may(subject, admin, placed), true)
  }),
  ruling('verify() lets a denial win among equals, whatever was granted first', async ({ subject }) => {
    await subject.grant(rule('b grant', { scope: 'admin' }))
    await subject.grant(rule('a deny', { scope: '*', resource: anything, access: 'denied' }))
    await subject.grant(rule('0 grant', { scope: '' }))

    assert.equal(await may(subject, admin, placed), false)
  }),
  ruling('verify() takes no priority for 0', async ({ subject }) => {
    const { priority: _none, ...plain } = rule('denied', { access: 'denied' })
    await subject.grant(plain)
    await subject.grant(rule('granted', { priority: 0 }))
    assert.equal(await may(subject, reader, placed), false)

    await subject.grant(rule('granted', { priority: 1 }))
    assert.equal(await may(subject, reader, placed), true)
  }),
  ruling('grant() with an id that exists replaces that rule', async ({ subject }) => {
    await subject.grant(rule('one', { resource: { ...placed, name: 'stock' } }))
    await subject.grant(rule('one'))

    assert.equal(await may(subject, reader, placed), true)
    assert.equal(await may(subject, reader, { ...placed, name: 'stock' }), false)
    assert.equal((await subject.rules()).length, 1)
  }),
  ruling('grant() refuses a rule that cannot be, and changes nothing', async ({ subject }) => {
    const invalid = { code: 'invalid_argument', reason: 'RULE_INVALID' }
    const resources: readonly unknown[] = [
      { ...placed, type: '' },
      { ...placed, name: 'ord*' },
      { ...placed, name: '/a/*' },
      { ...placed, endpoint: '' },
      { ...placed, endpoint: 'Ord*' },
      { ...placed, endpoint: '/a/*/b' },
      { ...placed, endpoint: '/a/**' },
      { ...placed, endpoint: '.*' },
      { ...placed, endpoint: 'a\nb' },
      { type: 'service', name: 'orders' },
      null,
    ]
    const wrong: readonly object[] = [
      ...['', 'x'.repeat(256), 'a\u0000b', 1].map((id) => ({ id })),
      ...['a*', '**', 'a\nb', null].map((scope) => ({ scope })),
      ...['', 'allowed', undefined].map((access) => ({ access })),
      ...[1.5, NaN, Infinity, '1', null].map((priority) => ({ priority })),
      ...resources.map((resource) => ({ resource })),
    ]
    for (const part of wrong) await assert.rejects(subject.grant({ ...rule('one'), ...part }), invalid, JSON.stringify(part))

    assert.deepEqual(await subject.rules(), [])
  }),
  ruling(
    'revoke() takes a rule away at once, and says whether there was one',
    async ({ subject }) => {
      await subject.grant(rule('one'))
      await subject.grant(rule('two', { access: 'denied', priority: 5 }))
      assert.equal(await may(subject, reader, placed), false)

      assert.equal(await subject.revoke('two'), true)
      assert.equal(await may(subject, reader, placed), true)
      assert.equal(await subject.revoke('two'), false)
      assert.equal(await subject.revoke('one'), true)
      assert.equal(await may(subject, reader, placed), false)
    },
    ({ subject }) => subject.revoke('one'),
  ),
  ruling(
    'rules() gives all rules in the order in which they are tried',
    async ({ subject }) => {
      assert.deepEqual(await subject.rules(), [])
      const ordered = [
        rule('z', { priority: 2 }),
        rule('d', { priority: 1, access: 'denied' }),
        rule('b', { priority: 1 }),
        rule('c', { priority: 1, resource: anything }),
        rule('a', { priority: 0, scope: '' }),
        rule('e', { priority: -1, access: 'denied' }),
      ]
      for (const index of [3, 0, 5, 2, 4, 1]) await subject.grant(ordered[index] as Rule)

      assert.deepEqual(await subject.rules(), ordered)
    },
    ({ subject }) => subject.rules(),
  ),
  ruling('rules() gives what grant() was given, whatever its caller does with it later', async ({ subject }) => {
    const resource = { ...placed }
    const mine = { ...rule('one'), resource }
    await subject.grant(mine)
    resource.endpoint = '*'
    mine.scope = ''

    assert.deepEqual(await subject.rules(), [rule('one')])
    assert.equal(await may(subject, undefined, { ...placed, endpoint: 'Other' }), false)
  }),
  ruling('grant() by many callers at once keeps every rule', async ({ subject }) => {
    const granted = Array.from({ length: 50 }, (_, index) => rule(`rule ${index}`, { resource: { ...placed, name: `service${index}` } }))

    await Promise.all(granted.map((one) => subject.grant(one)))

    assert.equal((await subject.rules()).length, 50)
    for (const { resource } of granted) assert.equal(await may(subject, reader, resource), true)
  }),
]
