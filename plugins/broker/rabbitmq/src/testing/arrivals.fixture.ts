import type { Broker, Delivery, SubscribeOptions } from '@microts/core/broker'

/** A message with `text` as its body. */
export const message = (text: string) => ({ header: { 'Content-Type': 'text/plain' }, body: new TextEncoder().encode(text) })

/** What arrives, and a way to wait for it. */
export interface Arrivals {
  readonly texts: readonly string[]
  readonly deliveries: readonly Delivery[]
  /** Resolves when so many have arrived in all. */
  count(wanted: number): Promise<void>
}

/** Subscribes and keeps what arrives. */
export async function arrivals(broker: Broker, topic: string, options: SubscribeOptions = {}): Promise<Arrivals> {
  const deliveries: Delivery[] = []
  let wake = () => undefined as void
  await broker.subscribe(
    topic,
    (delivery) => {
      deliveries.push(delivery)
      wake()
    },
    options,
  )
  return {
    get texts() {
      return deliveries.map((delivery) => new TextDecoder().decode(delivery.message.body))
    },
    deliveries,
    async count(wanted) {
      while (deliveries.length < wanted) await new Promise<void>((resolve) => (wake = resolve))
    },
  }
}

/** Warnings of a broker, and a way to wait for one. */
export function warnings(): {
  readonly all: readonly string[]
  readonly warn: (text: string) => void
  /** Resolves with the first that fits, be it there already or still to come. */
  first(pattern: RegExp): Promise<string>
} {
  const all: string[] = []
  let wake = () => undefined as void
  return {
    all,
    warn(text) {
      all.push(text)
      wake()
    },
    async first(pattern) {
      for (;;) {
        const found = all.find((text) => pattern.test(text))
        if (found !== undefined) return found
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  }
}

/** The body as text. */
export const textOf = (delivery: Delivery) => new TextDecoder().decode(delivery.message.body)
