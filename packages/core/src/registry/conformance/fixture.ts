import assert from 'node:assert/strict'
import { MicroError, type Code, type Watch } from '../../base/index.js'
import type { ConformanceCase } from '../../testing/suite.js'
import type { Registry, RegistryChange, RegistryFeature, ServiceRecord } from '../registry.js'

/** A case of the registry's suite. */
export type Case = ConformanceCase<Registry, RegistryFeature>

/** A service with one node. */
export const orders: ServiceRecord = {
  name: 'orders',
  version: '1.0.0',
  metadata: {},
  endpoints: [
    {
      name: 'Orders.Place',
      request: { name: 'PlaceRequest', type: 'PlaceRequest', values: [{ name: 'item', type: 'string', values: [] }] },
      response: { name: 'PlaceReply', type: 'PlaceReply', values: [] },
      metadata: {},
    },
    { name: 'Orders.Watch', metadata: { stream: 'true' } },
  ],
  nodes: [{ id: 'orders-1', address: '127.0.0.1:40001', metadata: { protocol: 'mucp', region: 'eu <&> ü' } }],
}

/** `orders` with one node on 127.0.0.1. */
export function node(id: string, port: number, metadata: Record<string, string> = { protocol: 'mucp' }): ServiceRecord {
  return { ...orders, nodes: [{ id, address: `127.0.0.1:${port}`, metadata }] }
}

/** `<id> <address>` of each node, sorted. */
export function placesOf(services: readonly ServiceRecord[]): string[] {
  return services.flatMap((service) => service.nodes.map(({ id, address }) => `${id} ${address}`)).sort()
}

/** How many nodes there are, of all versions. */
export function nodeCount(services: readonly ServiceRecord[]): number {
  return services.flatMap((service) => service.nodes).length
}

/** Passes when `found` has all of `wanted`. A registry may add what is its own, such as `project`. */
export function sameMetadata(
  found: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>> | undefined,
): void {
  assert.deepEqual({ ...found, ...wanted }, found)
}

/** A change as `<type> <id> <address>`. */
export function describe(change: RegistryChange): string {
  return [change.type, ...placesOf([change.service])].join(' ')
}

/** A watch that is read change by change. */
export interface Reading {
  next(): Promise<RegistryChange>
  end(): Promise<void>
}

/** Begins to read a watch. */
export function read(watch: Watch<RegistryChange>): Reading {
  const iterator = watch[Symbol.asyncIterator]()
  return {
    async next() {
      const result = await iterator.next()
      assert.ok(result.done !== true, 'the watch has ended')
      return result.value
    },
    end: () => watch.close(),
  }
}

/** The next change as `<type> <id> <address>`. */
export async function next(reading: Reading): Promise<string> {
  return describe(await reading.next())
}

/** Passes when `attempt` is refused with that code and reason. */
export async function refused(attempt: Promise<unknown>, code: Code, reason: string): Promise<void> {
  const outcome = await attempt.then(
    () => 'was accepted',
    (error: unknown) => error,
  )
  assert.ok(MicroError.is(outcome), `must be refused with ${reason}, but: ${String(outcome)}`)
  assert.deepEqual({ code: outcome.code, reason: outcome.reason }, { code, reason })
}
