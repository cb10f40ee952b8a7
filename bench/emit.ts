/** What handing a message over costs inside one process, before anything else is done with it. */
import { EventEmitter } from 'node:events'
import { emitter } from '../packages/core/src/broker/index.js'
import type { Bench } from './bench.js'
import type { Comparison } from './compare.js'

const topic = 'orders.placed'
const topics = Array.from({ length: 16 }, (_, index) => `orders.${index}.placed`)
const emits = 3_000_000

const bench: Bench = {
  about: "the memory broker's synchronous emit against EventEmitter: to one topic, and to sixteen in turn",
  async prepare() {
    const comparisons = [1, 5].flatMap((listeners) => [compareOne(listeners), compareMany(listeners)])
    return { comparisons, close: async () => undefined }
  },
}

export default bench

function compareOne(listeners: number): Comparison {
  const { ours, theirs } = both([topic], listeners)
  return {
    name: `1 topic, ${listeners} ${listeners === 1 ? 'listener' : 'listeners'}`,
    subject: async () => timed(() => ours.emit(topic, 1)),
    baseline: async () => timed(() => theirs.emit(topic, topic, 1)),
    atMost: 1,
  }
}

function compareMany(listeners: number): Comparison {
  const { ours, theirs } = both(topics, listeners)
  let turn = 0
  const next = () => topics[turn++ & 15] as string
  return {
    name: `16 topics, ${listeners} ${listeners === 1 ? 'listener' : 'listeners'}`,
    subject: async () => timed(() => ours.emit(next(), 1)),
    baseline: async () =>
      timed(() => {
        const at = next()
        theirs.emit(at, at, 1)
      }),
    // Not an aim of its own: what a table costs instead of a comparison.
    atMost: 3,
  }
}

function both(names: readonly string[], listeners: number) {
  const ours = emitter<number>(Math.random)
  const theirs = new EventEmitter()
  let sum = 0
  for (const name of names)
    for (let count = 0; count < listeners; count++) {
      ours.listen(name, (_, value) => void (sum += value))
      theirs.on(name, (_: string, value: number) => void (sum += value))
    }
  return { ours, theirs }
}

function timed(emit: () => void): number {
  const startedAt = performance.now()
  for (let count = 0; count < emits; count++) emit()
  return performance.now() - startedAt
}
