import assert from 'node:assert/strict'
import { MicroError } from '../base/index.js'
import type { Suite } from '../testing/index.js'
import type { Candidate, Selection, Selector } from './selector.js'

const nodesOf = (...ids: readonly string[]): readonly Candidate[] => ids.map((id) => ({ id }))
const three = nodesOf('a', 'b', 'c')

/** What every selector does, case by case. */
export const selectorSuite: Suite<Selector, never> = {
  kind: 'selector',
  features: [],
  cases: [
    {
      name: 'name is a word in kebab-case',
      async run({ subject }) {
        assert.match(subject.name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
      },
    },
    {
      name: 'select() of one node gives that node, each time',
      async run({ subject }) {
        const [only] = nodesOf('only')
        for (let i = 0; i < 20; i++) assert.equal(subject.select('orders', [only as Candidate]).node, only)
      },
    },
    {
      name: 'select() gives the very object that it was shown, with all that it carries',
      async run({ subject }) {
        const node = { id: 'a', address: '127.0.0.1:1', metadata: { zone: 'x' } }

        assert.equal(subject.select('orders', [node]).node.metadata.zone, 'x')
        assert.equal(subject.select('orders', [node]).node, node)
      },
    },
    {
      name: 'select() gives one of the nodes that it was shown',
      async run({ subject }) {
        for (let i = 0; i < 200; i++) assertOneOf(three, select(subject, three))
      },
    },
    {
      name: 'select() of no nodes throws NO_NODES, and works again when one is there',
      async run({ subject }) {
        assertNoNodes(() => subject.select('orders', []))
        const held = subject.select('orders', three)
        assertNoNodes(() => subject.select('orders', []))
        held.release()

        assertOneOf(three, subject.select('orders', three))
      },
    },
    {
      name: 'select() leaves no node out',
      async run({ subject }) {
        const chosen = tally(subject, three, 300)

        assert.deepEqual([...chosen.keys()].sort(), ['a', 'b', 'c'])
      },
    },
    {
      name: 'select() spreads calls that follow each other: no node has less than half or more than twice its share',
      async run({ subject }) {
        for (const [id, times] of tally(subject, three, 3000))
          assert.ok(times > 500 && times < 2000, `${id} was chosen ${times} times of 3000`)
      },
    },
    {
      name: 'select() spreads calls that are under way at once',
      async run({ subject }) {
        const held = Array.from({ length: 3000 }, () => subject.select('orders', three))

        for (const { id } of three) {
          const times = held.filter(({ node }) => node.id === id).length
          assert.ok(times > 500 && times < 2000, `${id} was chosen ${times} times of 3000`)
        }
        for (const { release } of held) release()
      },
    },
    {
      name: 'select() spreads over a hundred nodes',
      async run({ subject }) {
        const many = nodesOf(...Array.from({ length: 100 }, (_, index) => `node-${index}`))

        assert.equal(tally(subject, many, 5000).size, 100)
      },
    },
    {
      name: 'select() never gives a node that has left',
      async run({ subject }) {
        tally(subject, three, 50)
        const held = subject.select('orders', three)
        const left = nodesOf('a', 'c')

        for (let i = 0; i < 100; i++) assertOneOf(left, select(subject, left))
        held.release()
      },
    },
    {
      name: 'select() gives a node its share again when it returns, and one that is new',
      async run({ subject }) {
        const held = Array.from({ length: 30 }, () => subject.select('orders', three))
        tally(subject, nodesOf('a', 'c'), 30)
        for (const { release } of held) release(new Error('it left'))

        const chosen = tally(subject, nodesOf('a', 'b', 'c', 'd'), 4000)

        for (const id of ['a', 'b', 'c', 'd']) {
          const times = chosen.get(id) ?? 0
          assert.ok(times > 400 && times < 2000, `${id} was chosen ${times} times of 4000`)
        }
      },
    },
    {
      name: 'select() takes nodes in another order, or in an array of its own each time, as the same nodes',
      async run({ subject }) {
        const orders = [nodesOf('a', 'b', 'c'), nodesOf('c', 'b', 'a'), nodesOf('b', 'a', 'c')]
        const chosen = new Map<string, number>()
        for (let i = 0; i < 3000; i++) {
          const { node, release } = subject.select('orders', [...(orders[i % 3] as readonly Candidate[])])
          chosen.set(node.id, (chosen.get(node.id) ?? 0) + 1)
          release()
        }

        assert.equal(chosen.size, 3)
      },
    },
    {
      name: 'select() keeps services apart, also when their nodes have the same ids',
      async run({ subject }) {
        const others = nodesOf('a', 'b', 'c')
        const held: Selection<Candidate>[] = []
        for (let i = 0; i < 60; i++) {
          held.push(subject.select('orders', three))
          const other = subject.select('users', others)
          assertOneOf(others, other)
          other.release()
        }

        assert.equal(tally(subject, others, 300, 'users').size, 3)
        for (const { release } of held) release()
      },
    },
    {
      name: 'select() takes any name of a service, also those that every object has',
      async run({ subject }) {
        for (const service of ['__proto__', 'constructor', 'toString', '', 'a.b/c']) {
          assertOneOf(three, subject.select(service, three))
        }
      },
    },
    {
      name: 'select() changes neither the list nor its nodes',
      async run({ subject }) {
        const frozen = Object.freeze(['a', 'b', 'c'].map((id) => Object.freeze({ id })))

        for (let i = 0; i < 50; i++) subject.select('orders', frozen).release()

        assert.deepEqual(frozen, three)
      },
    },
    {
      name: 'release() does its work once: the second and third time change nothing',
      async run({ subject }) {
        const [a] = nodesOf('a')
        for (let i = 0; i < 500; i++) {
          const { release } = subject.select('orders', [a as Candidate])
          release()
          release()
          release(new Error('late'))
        }

        // A count that had gone below zero would draw every call to "a".
        const held = Array.from({ length: 300 }, () => subject.select('orders', [a as Candidate, { id: 'b' }]))
        const ofB = held.filter(({ node }) => node.id === 'b').length
        assert.ok(ofB > 75, `b was chosen ${ofB} times of 300`)
        for (const { release } of held) release()
      },
    },
    {
      name: 'release() takes the error of an attempt that failed, whatever it is, and stands without its object',
      async run({ subject }) {
        for (const error of [new Error('lost'), 'text', null, undefined, 0]) {
          const { release } = subject.select('orders', three)
          assert.equal(release(error), undefined)
        }
        assert.equal(tally(subject, three, 300).size, 3)
      },
    },
    {
      name: 'release() of one selection leaves the others as they are',
      async run({ subject }) {
        const first = subject.select('orders', three)
        const second = subject.select('orders', three)
        assert.notEqual(first, second)
        first.release()

        assertOneOf(three, second)
        second.release()
      },
    },
  ],
}

function select(selector: Selector, nodes: readonly Candidate[], service = 'orders'): Selection<Candidate> {
  const selection = selector.select(service, nodes)
  selection.release()
  return selection
}

function tally(selector: Selector, nodes: readonly Candidate[], times: number, service?: string): Map<string, number> {
  const chosen = new Map<string, number>()
  for (let i = 0; i < times; i++) {
    const { id } = select(selector, nodes, service).node
    chosen.set(id, (chosen.get(id) ?? 0) + 1)
  }
  return chosen
}

function assertOneOf(nodes: readonly Candidate[], { node }: Selection<Candidate>): void {
  assert.ok(nodes.includes(node), `"${node.id}" is none of the nodes that were shown`)
}

function assertNoNodes(attempt: () => unknown): void {
  assert.throws(attempt, (error: unknown) => {
    assert.ok(MicroError.is(error), String(error))
    assert.deepEqual({ code: error.code, reason: error.reason }, { code: 'unavailable', reason: 'NO_NODES' })
    return true
  })
}
