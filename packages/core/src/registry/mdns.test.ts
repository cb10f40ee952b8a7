import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { buildSync } from 'esbuild'
import { sleep, systemClock } from '../base/index.js'
import { conformance } from '../testing/conformance.js'
import { registrySuite } from './conformance.js'
import { refused } from './conformance/fixture.js'
import { mdnsRegistry, type MdnsRegistryOptions } from './mdns.js'
import { skippingClock, type SkippingClock } from './mdns/skipping-clock.fixture.js'
import type { Registry, ServiceRecord } from './registry.js'

interface Origin extends MdnsRegistryOptions {
  readonly clock: SkippingClock
}

const temporary = await mkdtemp(join(tmpdir(), 'micro-mdns-test-'))
after(() => rm(temporary, { recursive: true, force: true }))
const folder = join(temporary, 'registry')

const origins = new WeakMap<Registry, Origin>()

function create(options: Partial<Origin> = {}): Registry {
  const origin: Origin = {
    project: randomUUID(),
    interfaces: 'loopback',
    folder,
    warn: () => undefined,
    clock: skippingClock(systemClock),
    ...options,
  }
  const registry = mdnsRegistry(origin)
  origins.set(registry, origin)
  return registry
}

conformance((name, run) => test(`mdns: ${name}`, run), registrySuite, {
  create,
  peer: (registry) => create(origins.get(registry)),
  advance: async (ms, registry) => origins.get(registry)?.clock.skip(ms),
})

conformance((name, run) => test(`mdns without multicast: ${name}`, run), registrySuite, {
  create: () => create({ interfaces: [] }),
  peer: (registry) => create(origins.get(registry)),
  advance: async (ms, registry) => origins.get(registry)?.clock.skip(ms),
})

const orders: ServiceRecord = {
  name: 'orders',
  version: '1.0.0',
  metadata: {},
  endpoints: [],
  nodes: [{ id: 'orders-1', address: '127.0.0.1:40001', metadata: {} }],
}

for (const interfaces of ['loopback', 'none'] as const) {
  test(`lookup() finds the nodes of three processes, and forgets one that is killed and one that ends (${interfaces})`, async () => {
    const project = randomUUID()
    const children = await Promise.all([1, 2, 3].map((number) => announcer(`orders-${number}`, project, interfaces)))
    const registry = create({ project, interfaces: interfaces === 'none' ? [] : interfaces })
    const [first, second] = children

    await untilFound(registry, 'orders-1 orders-2 orders-3')
    first?.kill('SIGKILL')
    second?.stdin.end()
    await untilFound(registry, 'orders-3')

    await Promise.all(children.map(stop))
    await untilFound(registry, '')
    await registry.close()
  })
}

test('lookup() finds no node of another project, and explain() says so', async () => {
  const service = `theirs-${randomUUID()}`
  const [theirs, ours] = [create(), create()]
  await theirs.register({ ...orders, name: service })

  assert.deepEqual(await ours.lookup(service), [])
  assert.match(ours.explain() ?? '', /1 node of "theirs-\S+" belongs to another project/)
  await theirs.close()
  await ours.close()
})

test('lookup() finds nodes without a project, and whoever has none finds all', async () => {
  const service = `any-${randomUUID()}`
  const [without, within] = [create({ project: undefined }), create()]
  await without.register({ ...orders, name: service })
  await within.register({ ...orders, name: service, nodes: [{ id: 'orders-2', address: '127.0.0.1:40002', metadata: {} }] })

  assert.equal((await within.lookup(service)).flatMap((one) => one.nodes).length, 2)
  await untilFound(without, 'orders-1 orders-2', service)
  await without.close()
  await within.close()
})

test('register() resolves a host name, and refuses an address that nobody can call', async () => {
  const origin = { project: randomUUID() }
  const [here, there] = [create(origin), create(origin)]

  await here.register({ ...orders, nodes: [{ id: 'orders-1', address: 'localhost:40001', metadata: {} }] })
  const [found] = await there.lookup('orders')
  assert.match(found?.nodes[0]?.address ?? '', /^(127\.0\.0\.1|\[::1\]):40001$/)

  for (const address of ['0.0.0.0:80', '[::]:80'])
    await refused(here.register({ ...orders, nodes: [{ id: 'orders-1', address, metadata: {} }] }), 'invalid_argument', 'SERVICE_INVALID')
  await refused(
    here.register({ ...orders, nodes: [{ id: 'x'.repeat(64), address: 'a:1', metadata: {} }] }),
    'invalid_argument',
    'SERVICE_INVALID',
  )
  const metadata = Object.fromEntries(Array.from({ length: 3000 }, () => [randomUUID(), randomUUID()]))
  await refused(
    here.register({ ...orders, nodes: [{ id: 'orders-1', address: '127.0.0.1:1', metadata }] }),
    'invalid_argument',
    'SERVICE_INVALID',
  )
  await here.close()
  await there.close()
})

test('register() warns once of a service that networks carry in pieces', async () => {
  const warnings: string[] = []
  const registry = create({ warn: (message) => void warnings.push(message) })
  const metadata = Object.fromEntries(Array.from({ length: 40 }, () => [randomUUID(), randomUUID()]))
  const large = { ...orders, nodes: [{ id: 'orders-1', address: '127.0.0.1:1', metadata }] }

  await registry.register({ ...orders, name: 'small' })
  await registry.register(large)
  await registry.register(large)

  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /"orders" takes \d+ bytes/)
  await registry.close()
})

test('mdnsRegistry() loads no socket and no zlib before its first use, also when it is bundled', async () => {
  const script = `
    import { mdnsRegistry } from './mdns.js'
    const registry = mdnsRegistry()
    const loaded = () => process.moduleLoadList.filter((one) => /^NativeModule (dgram|zlib)$/.test(one)).length
    const before = loaded()
    await registry.lookup('nobody')
    console.log(before, loaded())
    await registry.close()`
  const outfile = join(temporary, 'script.mjs')
  const stdin = { contents: script, resolveDir: import.meta.dirname, loader: 'ts' } as const
  buildSync({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' })

  const { stdout } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' })

  assert.equal(stdout.trim(), '0 2')
})

async function announcer(id: string, project: string, interfaces: 'loopback' | 'none'): Promise<ChildProcessWithoutNullStreams> {
  const program = join(import.meta.dirname, 'mdns/announcer.fixture.ts')
  const loader = ['--conditions=@microts/source', '--import', import.meta.resolve('tsx')]
  const child = spawn(process.execPath, [...loader, program, id, project, interfaces, folder])
  child.stderr.pipe(process.stderr)
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => assert.fail(`${id} ended before it was ready`))])
  return child
}

async function stop(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.stdin.end()
  await once(child, 'exit')
}

/** Looks up until those are found that are wanted, moving the clock so that what is refreshed now and then is refreshed soon. */
async function untilFound(registry: Registry, wanted: string, service = 'orders'): Promise<void> {
  let found: string | undefined
  for (let attempt = 0; attempt < 200 && found !== wanted; attempt++) {
    const services = await registry.lookup(service)
    found = services
      .flatMap((one) => one.nodes.map(({ id }) => id))
      .sort()
      .join(' ')
    if (found !== wanted) await origins.get(registry)?.clock.skip(400)
    await sleep(20)
  }
  assert.equal(found, wanted)
}
