import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '@microts/core/store'
import { fileStore } from './file-store.js'
import { seeded, simulatedDisk, type SimulatedDisk } from './testing/simulated-disk.js'

/** One thing that the workload does: puts `value` under `key`, or deletes the key. */
interface Step {
  readonly key: string
  readonly value: string | undefined
}

type State = ReadonlyMap<string, string>

// So small that a workload of some dozens of steps begins new segments and is compacted several times.
const tiny = { folder: '/simulated', maxSegmentBytes: 700, minGarbageBytes: 900, cacheBytes: 0 }

test('fileStore() keeps all that it acknowledged, and a prefix of the rest, wherever it is killed', async () => {
  const steps = workload(seeded(1), 45)
  const total = await countOperations(steps)
  assert.ok(total > 80, `the workload makes ${total} operations`)

  for (let at = 0; at < total; at++) await crashAt(at, steps, (disk) => disk.afterKill(), `killed at operation ${at}`)
})

test('fileStore() keeps all that it acknowledged, and a prefix of the rest, wherever the power is cut', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const random = seeded(seed)
    const steps = workload(random, 45)
    const total = await countOperations(steps)

    for (let at = 0; at < total; at++)
      await crashAt(at, steps, (disk) => disk.afterPowerCut(random), `power cut at operation ${at}, seed ${seed}`)
  }
})

test('fileStore() keeps what it has handed out, when the power is cut right after it came back from a kill', async () => {
  for (let seed = 1; seed <= 2; seed++) {
    const random = seeded(seed)
    const steps = workload(random, 30)
    const total = await countOperations(steps)

    for (let at = 0; at < total; at++) {
      const { disk } = await runUntil(at, steps, simulatedDisk())
      // The same machine goes on: what was written and not synced is still in its memory, and not on its disk.
      const opened = await reopen(disk.resumed())
      const seen = await stateOf(opened.store)
      const after = await reopen(opened.disk.afterPowerCut(random))

      assert.deepEqual(await stateOf(after.store), seen, `operation ${at}, seed ${seed}`)
    }
  }
})

async function crashAt(at: number, steps: readonly Step[], crash: (disk: SimulatedDisk) => SimulatedDisk, what: string): Promise<void> {
  const first = await runUntil(at, steps, simulatedDisk())
  const second = await reopen(crash(first.disk))
  const state = await stateOf(second.store)
  const kept = stepsThatGive(state, steps, first.acknowledged)
  assert.ok(kept !== undefined, `${what}: ${first.acknowledged} steps were acknowledged, found ${JSON.stringify([...state])}`)

  // It goes on from there, and is as safe as before.
  await second.store.put('after', new TextEncoder().encode('the crash'))
  const third = await reopen(crash(second.disk))
  assert.deepEqual(await stateOf(third.store), new Map([...state, ['after', 'the crash']]), what)
  await third.store.close()
}

/** Runs the workload on a disk that stops before operation `at`, and gives how many steps were acknowledged. */
async function runUntil(at: number, steps: readonly Step[], disk: SimulatedDisk): Promise<{ disk: SimulatedDisk; acknowledged: number }> {
  let acknowledged = 0
  let stop = () => {}
  const stopped = new Promise<void>((resolve) => (stop = resolve))
  disk.onOperation = (_operation, _name, count) => {
    if (count === at) {
      disk.stop()
      stop()
    }
    return undefined
  }
  const running = run(steps, disk, (count) => (acknowledged = count))
  await Promise.race([stopped, running])
  return { disk, acknowledged }
}

async function run(steps: readonly Step[], disk: SimulatedDisk, onAcknowledged: (count: number) => void): Promise<void> {
  const store = await fileStore({ ...tiny, files: disk.files, warn: unexpected })
  let acknowledged = 0
  // Three at once share a sync; they are acknowledged in their order.
  for (let from = 0; from < steps.length; from += 3) {
    await Promise.all(
      steps.slice(from, from + 3).map(async ({ key, value }) => {
        await (value === undefined ? store.delete(key) : store.put(key, new TextEncoder().encode(value)))
        onAcknowledged(++acknowledged)
      }),
    )
  }
  await store.close()
}

async function countOperations(steps: readonly Step[]): Promise<number> {
  const disk = simulatedDisk()
  let total = 0
  disk.onOperation = (_operation, _name, count) => {
    total = count + 1
    return undefined
  }
  await run(steps, disk, () => undefined)
  assert.ok(
    [...disk.contents().keys()].every((name) => name !== '0000000001.log'),
    'the workload was compacted',
  )
  return total
}

async function reopen(disk: SimulatedDisk): Promise<{ disk: SimulatedDisk; store: Store }> {
  return { disk, store: await fileStore({ ...tiny, files: disk.files, warn: () => undefined }) }
}

async function stateOf(store: Store): Promise<State> {
  const state = new Map<string, string>()
  for await (const { key, value } of store.getAll()) state.set(key, new TextDecoder().decode(value))
  return state
}

/** How many of the steps give `state`, at least `atLeast` of them; undefined when no number does. */
function stepsThatGive(state: State, steps: readonly Step[], atLeast: number): number | undefined {
  const model = new Map<string, string>()
  for (let count = 0; count <= steps.length; count++) {
    if (count >= atLeast && isSame(model, state)) return count
    const step = steps[count]
    if (step?.value === undefined) model.delete(step?.key ?? '')
    else model.set(step.key, step.value)
  }
  return undefined
}

const isSame = (a: State, b: State) => a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)

function workload(random: () => number, length: number): Step[] {
  return Array.from({ length }, (_, index) => {
    const key = `key ${Math.floor(random() * 6)}`
    // Now and then more than a sector, so that a cut can fall into the middle of a value.
    const size = random() < 0.1 ? 1500 : random() * 60
    return { key, value: random() < 0.2 ? undefined : `${index}:${'x'.repeat(size)}` }
  })
}

const unexpected = (message: string) => assert.fail(`warned: ${message}`)
