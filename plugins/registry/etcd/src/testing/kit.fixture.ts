import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { systemClock, type Clock } from '@microts/core/base'
import type { Registry, RegistryChange, ServiceRecord } from '@microts/core/registry'
import { etcdRegistry, type EtcdRegistryOptions } from '../etcd-registry.js'

/** A service with one node on loopback. */
export const nodeOf = (name: string, number: number): ServiceRecord => ({
  name,
  version: '1.0.0',
  metadata: {},
  endpoints: [],
  nodes: [{ id: `${name}-${number}`, address: `127.0.0.1:${40_000 + number}`, metadata: {} }],
})

/** The ids of nodes, sorted. */
export const idsOf = (found: readonly ServiceRecord[]): string[] => found.flatMap(({ nodes }) => nodes.map(({ id }) => id)).sort()

/** A registry that ends with the test. */
export async function open(t: TestContext, options: EtcdRegistryOptions): Promise<Registry> {
  const registry = await etcdRegistry(options)
  t.after(() => registry.close())
  return registry
}

/** Resolves when `condition` holds. */
export async function eventually(condition: () => Promise<boolean> | boolean, withinMs = 10_000): Promise<void> {
  const until = systemClock.monotonicMs() + withinMs
  while (!(await condition())) {
    assert.ok(systemClock.monotonicMs() < until, `did not come true: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What a registry says, in order. */
export function warnings() {
  const all: string[] = []
  const has = (pattern: RegExp) => all.some((text) => pattern.test(text))
  return { all, warn: (text: string) => void all.push(text), said: (pattern: RegExp) => eventually(() => has(pattern)) }
}

/** Changes as `create orders-1`, as they come. */
export async function changesOf(registry: Registry, service?: string): Promise<string[]> {
  const seen: string[] = []
  const watch = await registry.watch(service === undefined ? {} : { service })
  void (async () => {
    for await (const change of watch as AsyncIterable<RegistryChange>) seen.push(`${change.type} ${idsOf([change.service]).join()}`)
  })()
  return seen
}

/** The machine's time, some times faster. */
export const fasterClock = (factor: number): Clock => ({
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs() * factor,
  after: (delayMs, run, options) => systemClock.after(delayMs / factor, run, options),
})
