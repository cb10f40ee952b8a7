import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Account, Resource, Rule } from './auth.js'
import { ruleBook } from './rule-book.js'

const account = (scopes: readonly string[]): Account => ({ id: 'ann', type: 'user', issuer: 'test', scopes, metadata: {} })

// Few words, so that rules overlap.
const endpointWords = ['/a', '/a/b', '/a/b.c', 'A.B', 'A', 'A.B.C', '/', '', '/a/../b']
const ruleOf = fc.record({
  id: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8'),
  scope: fc.constantFrom('', '*', 'x', 'y'),
  resource: fc.record({
    type: fc.constantFrom('*', 'service', 'topic'),
    name: fc.constantFrom('*', 'orders', 'stock'),
    endpoint: fc.constantFrom('*', '/*', '/a/*', '/a/b.*', 'A.*', 'A.B.*', '/a', '/a/b', 'A.B', 'A'),
  }),
  access: fc.constantFrom('granted' as const, 'denied' as const),
  priority: fc.constantFrom(-1, 0, 1),
})
const caller = fc.option(
  fc.uniqueArray(fc.constantFrom('x', 'y', 'z')).map((scopes) => account(scopes)),
  { nil: undefined },
)
const asked = fc.record({
  type: fc.constantFrom('service', 'topic', 'store'),
  name: fc.constantFrom('orders', 'stock', '*'),
  endpoint: fc.constantFrom(...endpointWords),
})

/** The contract, read word by word and asked of every rule. */
function fits({ scope, resource: pattern }: Rule, by: Account | undefined, resource: Resource): boolean {
  if (scope !== '' && (by === undefined || (scope !== '*' && !by.scopes.includes(scope)))) return false
  if (resource.endpoint.split('/').some((step) => step === '.' || step === '..')) return false
  if (pattern.type !== '*' && pattern.type !== resource.type) return false
  if (pattern.name !== '*' && pattern.name !== resource.name) return false
  if (pattern.endpoint === '*' || pattern.endpoint === resource.endpoint) return true
  const before = pattern.endpoint.slice(0, -1)
  return /[/.]\*$/.test(pattern.endpoint) && resource.endpoint.startsWith(before) && resource.endpoint.length > before.length
}

function expected(rules: readonly Rule[], by: Account | undefined, resource: Resource): 'granted' | 'denied' {
  const fitting = rules.filter((rule) => fits(rule, by, resource))
  const highest = Math.max(...fitting.map(({ priority = 0 }) => priority))
  const deciding = fitting.filter(({ priority = 0 }) => priority === highest)
  return deciding.length > 0 && deciding.every(({ access }) => access === 'granted') ? 'granted' : 'denied'
}

const byId = (rules: readonly Rule[]) => [...new Map(rules.map((rule) => [rule.id, rule])).values()]

test('ruleBook() decides as if every rule were looked at', () => {
  fc.assert(
    fc.property(fc.array(ruleOf, { maxLength: 12 }), caller, asked, (granted, by, resource) => {
      const book = ruleBook()
      for (const rule of granted) book.put(rule)

      assert.equal(book.decide(by, resource)?.access ?? 'denied', expected(byId(granted), by, resource))
    }),
    { numRuns: 2000 },
  )
})

test('ruleBook() decides and lists the same in whatever order rules were granted', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(ruleOf, { selector: ({ id }) => id, maxLength: 8 }),
      fc.infiniteStream(fc.nat()),
      caller,
      asked,
      (granted, random, by, resource) => {
        const shuffled = granted.map((rule) => ({ rule, at: random.next().value as number })).sort((a, b) => a.at - b.at)
        const book = ruleBook()
        const other = ruleBook()
        for (const rule of granted) book.put(rule)
        for (const { rule } of shuffled) other.put(rule)

        assert.deepEqual(other.all(), book.all())
        assert.equal(other.decide(by, resource), book.decide(by, resource))
      },
    ),
  )
})

test('ruleBook() without a rule is as if it had never been there', () => {
  fc.assert(
    fc.property(
      fc.array(ruleOf, { maxLength: 8 }),
      fc.uniqueArray(fc.constantFrom('1', '2', '3', '4'), { minLength: 1 }),
      caller,
      asked,
      (granted, removed, by, resource) => {
        const book = ruleBook()
        for (const rule of granted) book.put(rule)
        for (const id of removed)
          assert.equal(
            book.remove(id),
            granted.some((rule) => rule.id === id),
          )
        const left = byId(granted).filter(({ id }) => !removed.some((gone) => gone === id))

        assert.equal(book.all().length, left.length)
        assert.equal(book.decide(by, resource)?.access ?? 'denied', expected(left, by, resource))
      },
    ),
  )
})

test('ruleBook() with 10,000 rules for other resources decides about as fast as with 100', () => {
  const asks: Resource = { type: 'service', name: 'service7', endpoint: 'Orders.Place' }
  const bookOf = (count: number) => {
    const book = ruleBook()
    for (let index = 0; index < count; index++)
      book.put({ id: `${index}`, scope: '*', resource: { ...asks, name: `service${index}` }, access: 'granted', priority: index % 5 })
    return book
  }
  const fastestMs = (book: ReturnType<typeof ruleBook>) => {
    const rounds = Array.from({ length: 10 }, () => {
      const start = performance.now()
      for (let index = 0; index < 2000; index++) assert.equal(book.decide(account([]), asks)?.id, '7')
      return performance.now() - start
    })
    return Math.min(...rounds)
  }
  const [few, many] = [bookOf(100), bookOf(10_000)]

  const fewMs = fastestMs(few)
  const manyMs = fastestMs(many)

  // A book that looks at every rule takes 100 times as long.
  assert.ok(manyMs < 10 * fewMs, `${manyMs} ms, wanted less than 10 times ${fewMs} ms`)
})
