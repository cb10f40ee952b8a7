import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { MicroError, type Code } from '../../base/index.js'
import type { Broker, Delivery, Message, SubscribeOptions, Subscription } from '../broker.js'

/** A topic that no other case has: implementations may share one server among all cases. */
export const freshTopic = () => `conformance.${randomUUID()}`

/** A message with `text` as its body. */
export const message = (text: string, header: Message['header'] = { 'Content-Type': 'text/plain' }): Message => ({
  header,
  body: new TextEncoder().encode(text),
})

/** The body as text. */
export const textOf = (delivery: Delivery) => new TextDecoder().decode(delivery.message.body)

/** Subscribes and keeps what arrives. */
export async function collect(
  broker: Broker,
  topic: string,
  options: SubscribeOptions = {},
): Promise<{ readonly subscription: Subscription; readonly deliveries: Delivery[]; readonly texts: () => string[] }> {
  const deliveries: Delivery[] = []
  const subscription = await broker.subscribe(topic, (delivery) => void deliveries.push(delivery), options)
  return { subscription, deliveries, texts: () => deliveries.map(textOf) }
}

/** A door that stays shut until it is opened: for handlers that shall take their time. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

/** Fails unless `work` rejects with a MicroError of this code and reason. */
export async function rejects(work: Promise<unknown>, code: Code, reason: string, what = ''): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(MicroError.is(error), `${what}: ${String(error)}`)
    assert.equal(error.code, code, what)
    assert.equal(error.reason, reason, what)
    return true
  })
}
