import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRegistry } from '../registry/memory.js'
import { testClock } from '../testing/clock.js'
import { beaconService, registryBeacon } from './registry-beacon.js'

const sighting = { id: 'NA', host: '10.77.0.1', port: 4222, signpostPort: 4223 }

function beacons(...projects: string[]) {
  const clock = testClock()
  const registry = memoryRegistry({ clock })
  const warnings: string[] = []
  return {
    clock,
    registry,
    warnings,
    all: projects.map((project) => registryBeacon({ registry, project, clock, warn: (message) => warnings.push(message) })),
  }
}

test('registryBeacon() shows a server to its own project, until it is hidden', async () => {
  const { all } = beacons('shop', 'shop', 'other')
  const [one, two, other] = all

  await one?.show(sighting)
  await two?.show({ ...sighting, id: 'NB', host: '::1' })

  const found = (await two?.find())?.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  assert.deepEqual(found, [sighting, { ...sighting, id: 'NB', host: '::1' }])
  assert.deepEqual(await other?.find(), [])
  await one?.hide()
  await one?.hide()
  assert.deepEqual(
    (await two?.find())?.map(({ id }) => id),
    ['NB'],
  )
})

test('registryBeacon() tells an address that others can reach, of a server that listens everywhere', async () => {
  const { all, registry } = beacons('shop')

  await all[0]?.show({ ...sighting, host: '0.0.0.0' })

  const [record] = await registry.lookup(beaconService)
  assert.match(record?.nodes[0]?.address ?? '', /:4222$/)
  assert.doesNotMatch(record?.nodes[0]?.address ?? '', /^0\.0\.0\.0/)
})

test('registryBeacon() passes over nodes that are no servers', async () => {
  const { all, registry } = beacons('shop')
  const node = (id: string, address: string, signpost: string) => ({ id, address, metadata: { project: 'shop', signpost } })
  const nodes = [node('a', '10.0.0.1:1', ''), node('b', '10.0.0.1:1', '70000'), node('c', '10.0.0.1:1', '1.5')]
  await registry.register({ name: beaconService, version: 'latest', metadata: {}, endpoints: [], nodes })

  assert.deepEqual(await all[0]?.find(), [])
})

test('registryBeacon() calls who follows when a server comes or goes, and goes on renewing what it shows', async () => {
  const { all, clock, registry } = beacons('shop', 'shop')
  const [one, two] = all
  let changes = 0
  let wake: () => void = () => undefined
  const unfollow = await one?.follow(() => {
    changes++
    wake()
  })
  const changed = () => new Promise<void>((resolve) => (wake = resolve))

  const came = changed()
  await two?.show(sighting)
  await came
  for (let count = 0; count < 10; count++) await clock.advance(5000)
  assert.equal((await registry.lookup(beaconService)).length, 1)
  const went = changed()
  await two?.hide()
  await went
  unfollow?.()
  await two?.show(sighting)

  assert.equal(changes, 2)
})

test('registryBeacon() warns when the registry does not take it, and tries again', async () => {
  const { all, clock, registry, warnings } = beacons('shop')
  await registry.close()

  await all[0]?.show(sighting)
  await clock.advance(5000)

  assert.equal(warnings.length, 2)
})
