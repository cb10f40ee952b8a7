import { sublist } from '@microts/core/nats'
import { judgeAim, type Aim, type Pair } from '../aims.js'

const few = 100
const many = 100_000
const lookUps = 100_000

// Each subject is asked for once, so the list's memory of what was asked helps nobody; each is wanted by two.
function listOf(size: number): () => number {
  const list = sublist<{ readonly subject: string; readonly queue: undefined }>()
  for (let index = 0; index < size / 2; index++) {
    list.insert({ subject: `shop.${index}.*.changed`, queue: undefined })
    list.insert({ subject: `shop.${index}.>`, queue: undefined })
  }
  let asked = 0
  return () => {
    const startedMs = performance.now()
    let found = 0
    for (let count = 0; count < lookUps; count++, asked++)
      found += list.match(`shop.${(asked * 7919) % (size / 2)}.item-${asked}.changed`).plain.length
    if (found !== 2 * lookUps) throw new Error(`found ${found} of ${2 * lookUps}`)
    return performance.now() - startedMs
  }
}

/** What a match costs among a hundred thousand subscriptions with wildcards, against a hundred. */
export function matchAim(rounds: number): Aim {
  const [large, small] = [listOf(many), listOf(few)]
  const pairs: Pair[] = []
  for (let round = -2; round < rounds; round++) {
    const [first, second] = round % 2 === 0 ? [large, small] : [small, large]
    const [one, other] = [first(), second()]
    // The first two warm up.
    if (round >= 0) pairs.push(round % 2 === 0 ? { ours: one, against: other } : { ours: other, against: one })
  }
  return judgeAim(`match among ${many} subscriptions against ${few}, ms for ${lookUps}`, pairs, { atMost: 2 })
}
