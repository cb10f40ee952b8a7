import { sublist } from '@microts/core/nats'
import { judgeAim, type Aim, type Pair } from '../aims.js'

const few = 100
const many = 100_000
const lookUps = 100_000

// The server remembers the answers for this many subjects and more.
const repeated = 1000

/** `again`: a thousand subjects in turn, which the list remembers; otherwise each is asked for once, and nothing that is remembered helps. Each is wanted by two. */
function listOf(size: number, again: boolean): () => number {
  const list = sublist<{ readonly subject: string; readonly queue: undefined }>()
  for (let index = 0; index < size / 2; index++) {
    list.insert({ subject: `shop.${index}.*.changed`, queue: undefined })
    list.insert({ subject: `shop.${index}.>`, queue: undefined })
  }
  let asked = 0
  return () => {
    const startedMs = performance.now()
    let found = 0
    for (let count = 0; count < lookUps; count++) {
      const item = again ? asked++ % repeated : asked++
      found += list.match(`shop.${(item * 7919) % (size / 2)}.item-${item}.changed`).plain.length
    }
    if (found !== 2 * lookUps) throw new Error(`found ${found} of ${2 * lookUps}`)
    return performance.now() - startedMs
  }
}

/** What a match costs among a hundred thousand subscriptions with wildcards, against a hundred. */
export function matchAims(rounds: number): readonly Aim[] {
  return [matchAim('asked again', true, rounds), matchAim('asked once', false, rounds)]
}

function matchAim(what: string, again: boolean, rounds: number): Aim {
  const [large, small] = [listOf(many, again), listOf(few, again)]
  const pairs: Pair[] = []
  for (let round = -2; round < rounds; round++) {
    const [first, second] = round % 2 === 0 ? [large, small] : [small, large]
    const [one, other] = [first(), second()]
    // The first two warm up.
    if (round >= 0) pairs.push(round % 2 === 0 ? { ours: one, against: other } : { ours: other, against: one })
  }
  return judgeAim(`match of subjects ${what}, ${many} subscriptions against ${few}, ms for ${lookUps}`, pairs, { atMost: 2 })
}
