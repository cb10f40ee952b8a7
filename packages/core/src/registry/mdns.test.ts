import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '../base/index.js'
import { conformance } from '../testing/conformance.js'
import { registrySuite } from './conformance.js'
import { mdnsRegistry, type MdnsRegistryOptions } from './mdns.js'
import { skippingClock, type SkippingClock } from './mdns/skipping-clock.js'
import type { Registry } from './registry.js'

interface Origin extends MdnsRegistryOptions {
  readonly clock: SkippingClock
}

const folder = await mkdtemp(join(tmpdir(), 'micro-mdns-test-'))
after(() => rm(folder, { recursive: true, force: true }))

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
