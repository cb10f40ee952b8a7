import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { toBase64 } from './keys.js'
import { changesOf, eventually, fasterClock, idsOf, nodeOf, open, warnings } from './testing/kit.fixture.js'
import { noEtcd, startEtcd, startEtcds, type RealEtcd } from './testing/etcd-server.fixture.js'
import { startProxy } from './testing/proxy.fixture.js'

const skip = noEtcd

test('lookup() goes on with what is known while etcd is restarted, says so once, and follows it again', { skip }, async (t) => {
  const etcd = await etcdOf(t)
  const { all, warn, said } = warnings()
  const here = await open(t, { endpoints: etcd.url, warn })
  const there = await open(t, { endpoints: etcd.url })
  await there.register(nodeOf('orders', 1))
  assert.deepEqual(idsOf(await here.lookup('orders')), ['orders-1'])

  await etcd.kill()
  await said(/^lost etcd at/)
  const [stale, explained] = [idsOf(await here.lookup('orders')), here.explain()]
  await assert.rejects(here.lookup('payments'), { code: 'unavailable', reason: 'REGISTRY_UNAVAILABLE' })
  await assert.rejects(here.register(nodeOf('orders', 3)), { code: 'unavailable', reason: 'REGISTRY_UNAVAILABLE' })
  await etcd.restart()
  await said(/^reached etcd again/)
  await there.register(nodeOf('orders', 2))
  await eventually(async () => idsOf(await here.lookup('orders')).join() === 'orders-1,orders-2')

  assert.deepEqual(stale, ['orders-1'])
  assert.match(explained ?? '', /out of reach/)
  assert.equal(here.explain(), undefined)
  const count = (word: string) => all.filter((text) => text.startsWith(word)).length
  assert.deepEqual([count('lost'), count('reached')], [1, 1])
})

test('watch() resumes from its revision: what happened while the connection was cut is told, in order, each once', { skip }, async (t) => {
  const { etcd, proxy, here, there } = await cutPlace(t)
  await there.register(nodeOf('orders', 1))
  const seen = await changesOf(here, 'orders')
  const lists = proxy.count('kv/range')

  await proxy.cut()
  await there.register(nodeOf('orders', 2))
  await there.deregister(nodeOf('orders', 1))
  await there.register(nodeOf('orders', 1))
  await proxy.mend()
  await eventually(() => seen.length === 3)
  await there.register(nodeOf('orders', 3))
  await eventually(() => seen.length === 4)

  assert.deepEqual(seen, ['create orders-2', 'delete orders-1', 'create orders-1', 'create orders-3'])
  // From the watch alone.
  assert.equal(proxy.count('kv/range'), lists)
  assert.ok(etcd.pid > 0)
})

test('watch() goes on after a compaction that took away what it had missed: what differs is told', { skip }, async (t) => {
  const { etcd, proxy, here, there } = await cutPlace(t)
  for (const number of [1, 2, 3]) await there.register(nodeOf('orders', number))
  const seen = await changesOf(here, 'orders')

  await proxy.cut()
  await there.deregister(nodeOf('orders', 1))
  await there.register({ ...nodeOf('orders', 2), version: '2.0.0' })
  await there.register(nodeOf('orders', 4))
  await compact(etcd)
  await proxy.mend()
  await eventually(() => seen.length === 3)
  await there.register(nodeOf('orders', 5))
  await eventually(() => seen.length === 4)

  assert.deepEqual(seen.slice(0, 3).sort(), ['create orders-4', 'delete orders-1', 'update orders-2'])
  assert.equal(seen[3], 'create orders-5')
  assert.deepEqual(idsOf(await here.lookup('orders')), ['orders-2', 'orders-3', 'orders-4', 'orders-5'])
})

test('a compaction in the middle of a standing watch changes nothing', { skip }, async (t) => {
  const { etcd, proxy, here, there } = await cutPlace(t)
  const seen = await changesOf(here)
  await there.register(nodeOf('orders', 1))
  await compact(etcd)
  await there.register(nodeOf('orders', 2))

  await eventually(() => seen.length === 2)
  assert.deepEqual(seen, ['create orders-1', 'create orders-2'])
  assert.equal(proxy.count('watch'), 1)
})

test('a process has one watch, whatever it looks up, and asks nothing for what it knows', { skip }, async (t) => {
  const { proxy, here, there } = await cutPlace(t)
  const names = Array.from({ length: 50 }, (_, index) => `service-${index}`)
  await Promise.all(names.map((name) => there.register(nodeOf(name, 1))))

  await Promise.all(names.flatMap((name) => Array.from({ length: 20 }, () => here.lookup(name))))
  await changesOf(here, 'service-1')
  const asked = proxy.count('kv/range')
  for (const name of names) assert.equal((await here.lookup(name)).length, 1)

  // One for each, and one when the registry was made.
  assert.equal(asked, 51)
  assert.equal(proxy.count('kv/range'), 51)
  assert.equal(proxy.count('watch'), 1)
})

test('a lease that was lost while etcd was out of reach is granted anew, and the node is back without its caller', { skip }, async (t) => {
  const etcd = await etcdOf(t)
  const proxy = await startProxy(etcd.url)
  t.after(() => proxy.close())
  const { warn, said } = warnings()
  const here = await open(t, { endpoints: proxy.url, warn, clock: fasterClock(10) })
  const there = await open(t, { endpoints: etcd.url })
  await here.register(nodeOf('orders', 1))
  const seen = await changesOf(there, 'orders')

  await proxy.cut()
  for (const lease of await leasesOf(etcd)) await etcd.ask('lease/revoke', { ID: lease })
  await eventually(() => seen.length === 1)
  await proxy.mend()
  await said(/is registered again/)
  await eventually(() => seen.length === 2)

  assert.deepEqual(seen, ['delete orders-1', 'create orders-1'])
  assert.equal((await leasesOf(etcd)).length, 1)
})

test('register() again puts back a node that somebody else took out of etcd', { skip }, async (t) => {
  const etcd = await etcdOf(t)
  const here = await open(t, { endpoints: etcd.url })
  await here.register(nodeOf('orders', 1), { ttlMs: 60_000 })
  await etcd.ask('kv/deleterange', { key: toBase64('/micro/registry/orders/orders-1') })
  await eventually(async () => (await here.lookup('orders')).length === 0)

  await here.register(nodeOf('orders', 1), { ttlMs: 60_000 })

  assert.deepEqual(idsOf(await here.lookup('orders')), ['orders-1'])
  assert.equal((await leasesOf(etcd)).length, 1)
})

test(
  'an etcd that comes back empty gets its nodes again, and those whose process is gone are forgotten after a grace',
  { skip },
  async (t) => {
    const etcd = await etcdOf(t)
    const { warn, said } = warnings()
    const here = await open(t, { endpoints: etcd.url, warn, clock: fasterClock(10) })
    const there = await open(t, { endpoints: etcd.url, clock: fasterClock(10) })
    await there.register(nodeOf('orders', 1))
    // Nobody keeps it: it stands for a process that ends while etcd is away.
    await etcd.ask('kv/put', {
      key: toBase64('/micro/registry/orders/orders-2'),
      value: toBase64('{"name":"orders","version":"1.0.0","nodes":[{"id":"orders-2","address":"127.0.0.1:1"}]}'),
    })
    assert.deepEqual(idsOf(await here.lookup('orders')), ['orders-1', 'orders-2'])
    const least: number[] = []

    await etcd.kill()
    await etcd.restart({ empty: true })
    await said(/has lost its data/)
    await eventually(async () => {
      const ids = idsOf(await here.lookup('orders'))
      least.push(ids.length)
      return ids.join() === 'orders-1'
    })

    assert.ok(Math.min(...least) === 1, 'a living node was missing meanwhile')
  },
)

test('a node of a process that is killed goes when its lease ends, and one of a process that lives does not', { skip }, async (t) => {
  const etcd = await etcdOf(t)
  const here = await open(t, { endpoints: etcd.url })
  const file = fileURLToPath(new URL('testing/register.fixture.ts', import.meta.url))
  const words = ['--conditions=@microts/source', '--import', import.meta.resolve('tsx'), file, etcd.url]
  const children = ['1', '2'].map((number) => spawn(process.execPath, [...words, number, number === '1' ? '2000' : '60000']))
  t.after(async () => {
    const running = children.filter((child) => child.exitCode === null && child.signalCode === null)
    for (const child of running) child.kill('SIGKILL')
    await Promise.all(running.map((child) => once(child, 'exit')))
  })
  await Promise.all(children.map((child) => once(child.stdout, 'data')))
  assert.deepEqual(idsOf(await here.lookup('orders')), ['orders-1', 'orders-2'])

  children[0]?.kill('SIGKILL')

  await eventually(async () => idsOf(await here.lookup('orders')).join() === 'orders-2')
})

test('another member of the cluster is asked when one goes away, and the watch goes on there', { skip }, async (t) => {
  const members = await startEtcds(3, { args: ['--heartbeat-interval=50', '--election-timeout=500'] })
  t.after(() => Promise.all(members.map((member) => member.stop())))
  const here = await open(t, { endpoints: members.map(({ url }) => url).join(','), random: () => 0 })
  const seen = await changesOf(here, 'orders')
  await here.register(nodeOf('orders', 1))
  const first = members.find(({ url }) => url === here.address) as RealEtcd

  await first.kill()
  await eventually(async () => {
    await here.register(nodeOf('orders', 2)).catch(() => undefined)
    return seen.length === 2
  })

  assert.notEqual(here.address, first.url)
  assert.deepEqual(seen, ['create orders-1', 'create orders-2'])
})

test(
  'register() and lookup() of what is not known give up on an etcd that is frozen, and close() does not wait for it',
  { skip },
  async (t) => {
    const etcd = await etcdOf(t)
    const { all, warn } = warnings()
    const here = await open(t, { endpoints: etcd.url, timeoutMs: 200, warn })
    await here.register(nodeOf('orders', 1))

    etcd.signal('SIGSTOP')
    // Its threads stop one after the other.
    await eventually(() =>
      fetch(`${etcd.url}/version`, { signal: AbortSignal.timeout(100) }).then(
        () => false,
        () => true,
      ),
    )
    await assert.rejects(here.register(nodeOf('orders', 2)), { code: 'unavailable', reason: 'REGISTRY_UNAVAILABLE' })
    await assert.rejects(here.lookup('payments'), { code: 'unavailable', reason: 'REGISTRY_UNAVAILABLE' })
    await here.close()

    assert.ok(
      all.some((text) => /end by themselves/.test(text)),
      all.join('\n'),
    )
  },
)

test('close() ends the leases, and with them the nodes', { skip }, async (t) => {
  const etcd = await etcdOf(t)
  const here = await open(t, { endpoints: etcd.url })
  await Promise.all([1, 2, 3].map((number) => here.register(nodeOf('orders', number), { ttlMs: 60_000 })))
  const before = await leasesOf(etcd)

  // One that is still under way leaves nothing behind either.
  const late = here.register(nodeOf('orders', 4)).catch(() => undefined)
  await here.close()
  await late

  const there = await open(t, { endpoints: etcd.url })
  assert.equal(before.length, 3)
  assert.deepEqual([await leasesOf(etcd), await there.list()], [[], []])
})

async function etcdOf(t: TestContext): Promise<RealEtcd> {
  const etcd = await startEtcd()
  t.after(() => etcd.stop())
  return etcd
}

/** Two registries of one etcd, the first behind a proxy that can be cut. */
async function cutPlace(t: TestContext) {
  const etcd = await etcdOf(t)
  const proxy = await startProxy(etcd.url)
  t.after(() => proxy.close())
  return { etcd, proxy, here: await open(t, { endpoints: proxy.url }), there: await open(t, { endpoints: etcd.url }) }
}

async function leasesOf(etcd: RealEtcd): Promise<string[]> {
  const { leases = [] } = (await etcd.ask('lease/leases', {})) as { leases?: { ID: string }[] }
  return leases.map(({ ID }) => ID)
}

/** All that etcd remembers but for what is there now. */
async function compact(etcd: RealEtcd): Promise<void> {
  const { header } = (await etcd.ask('kv/range', { key: 'AA==' })) as { header: { revision: string } }
  await etcd.ask('kv/compaction', { revision: header.revision, physical: true })
}
