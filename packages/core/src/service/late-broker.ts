import { baseErrors } from '../base/index.js'
import type { Broker } from '../broker/broker.js'

/**
 * A broker that is created when it is first published or subscribed to: a service that does neither pays nothing for it.
 *
 * For one that runs inside this process or beside it, so that there is nothing far away to be found at the start. Until then its address is what `known` says. When it
 * cannot be created, whoever asked for it is told, and the next one tries anew.
 */
export function lateBroker(create: () => Promise<Broker>, known: Pick<Broker, 'name' | 'features' | 'guarantee' | 'address'>): Broker {
  let creating: Promise<Broker> | undefined
  let created: Broker | undefined
  let isClosed = false

  const broker = async (): Promise<Broker> => {
    if (created !== undefined) return created
    if (isClosed) throw baseErrors.closed('broker')
    creating ??= create().finally(() => (creating = undefined))
    return (created = await creating)
  }
  const { name, features, guarantee } = known
  return {
    name,
    features,
    guarantee,
    get address() {
      return created?.address ?? known.address
    },
    publish: async (topic, message, options) => (await broker()).publish(topic, message, options),
    subscribe: async (topic, handler, options) => (await broker()).subscribe(topic, handler, options),
    async close() {
      isClosed = true
      // What could not be created holds nothing.
      const open = created ?? (await creating?.catch(() => undefined))
      await open?.close()
    },
  }
}
