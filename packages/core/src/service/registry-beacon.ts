import type { Cancel, Clock } from '../base/index.js'
import type { Beacon, Sighting } from '../nats/index.js'
import type { Registry, ServiceRecord } from '../registry/registry.js'
import { advertisedAddress } from './advertise.js'

/** What a {@link registryBeacon} works with. */
export interface RegistryBeaconOptions {
  readonly registry: Registry
  /** Only its servers are seen. */
  readonly project: string
  readonly clock: Clock
  readonly warn: (message: string, data?: Readonly<Record<string, unknown>>) => void
}

/** The name under which the embedded brokers of a network are registered. */
export const beaconService = 'micro.nats'

// A machine that was switched off is forgotten soon, since those who lost its server ask for the next one.
const ttlMs = 15_000
const renewMs = 5000

/** Tells of this machine's embedded broker, and finds those of others, as nodes of `micro.nats` in the service's registry. */
export function registryBeacon({ registry, project, clock, warn }: RegistryBeaconOptions): Beacon {
  let shown: ServiceRecord | undefined
  let cancelRenewal: Cancel = () => undefined

  const renew = async () => {
    cancelRenewal()
    if (shown === undefined) return
    try {
      await registry.register(shown, registry.features.has('ttl') ? { ttlMs } : {})
    } catch (error) {
      warn('could not tell other machines of the broker; it is tried again', { err: error })
    }
    if (shown !== undefined) cancelRenewal = clock.after(renewMs, () => void renew(), { background: true })
  }

  return {
    async show({ id, host, port, signpostPort }) {
      const address = advertisedAddress(undefined, `${host.includes(':') ? `[${host}]` : host}:${port}`)
      const metadata = { project, protocol: 'nats', signpost: String(signpostPort) }
      shown = {
        name: beaconService,
        version: 'latest',
        metadata: {},
        endpoints: [],
        nodes: [{ id: `${beaconService}-${id}`, address, metadata }],
      }
      await renew()
    },
    async hide() {
      const hidden = shown
      shown = undefined
      cancelRenewal()
      // A registry that is closed, or out of reach, forgets it by itself.
      if (hidden !== undefined) await registry.deregister(hidden).catch(() => undefined)
    },
    async find() {
      const records = await registry.lookup(beaconService)
      return records.flatMap(({ nodes }) => nodes.flatMap((node) => (node.metadata['project'] === project ? sightingOf(node) : [])))
    },
    async follow(onChange) {
      const watch = await registry.watch({ service: beaconService })
      const read = async () => {
        for await (const _ of watch) onChange()
      }
      // A watch that fails ends; who follows looks again from time to time by itself.
      read().catch(() => undefined)
      return () => void watch.close()
    },
  }
}

function sightingOf({ id, address, metadata }: ServiceRecord['nodes'][number]): readonly Sighting[] {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  const [port, signpostPort] = [Number(address.slice(colon + 1)), Number(metadata['signpost'])]
  const isPort = (value: number) => Number.isInteger(value) && value > 0 && value < 65_536
  return isPort(port) && isPort(signpostPort) ? [{ id: id.slice(beaconService.length + 1), host, port, signpostPort }] : []
}
