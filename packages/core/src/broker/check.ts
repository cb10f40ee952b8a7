import { baseErrors } from '../base/index.js'
import type { BrokerFeature, Message, PublishOptions, SubscribeOptions } from './broker.js'
import { checkHeader } from './message.js'
import { checkQueue, checkTopic, checkTopicPattern, hasWildcard } from './topic.js'

/** Who is asked: a broker, or what it will be. */
export interface Claims {
  readonly name: string
  readonly features: ReadonlySet<BrokerFeature>
}

/**
 * Refuses a publish that the contract does not allow, or that needs what the broker does not claim; gives the bytes of header and body.
 *
 * @throws `unimplemented`/`FEATURE_NOT_SUPPORTED`, `invalid_argument`/`TOPIC_INVALID`, `invalid_argument`/`HEADER_INVALID`, `canceled`/`CANCELED`
 */
export function checkPublish(broker: Claims, topic: string, message: Message, { durable = false, signal }: PublishOptions): number {
  if (durable) refuseUnclaimed(broker, 'durable')
  checkTopic(topic)
  const bytes = checkHeader(message.header) + message.body.length
  if (signal?.aborted === true) throw baseErrors.canceled(`publishing to "${topic}"`, signal.reason)
  return bytes
}

/**
 * Refuses a subscription that the contract does not allow, or that needs what the broker does not claim.
 *
 * @throws `unimplemented`/`FEATURE_NOT_SUPPORTED`, `invalid_argument`/`TOPIC_INVALID`
 */
export function checkSubscribe(broker: Claims, topic: string, { queue, durable = false, manualAck = false }: SubscribeOptions): void {
  if (durable) refuseUnclaimed(broker, 'durable')
  if (manualAck) refuseUnclaimed(broker, 'ack')
  checkTopicPattern(topic)
  if (hasWildcard(topic)) refuseUnclaimed(broker, 'wildcards')
  checkQueue(queue)
}

function refuseUnclaimed({ name, features }: Claims, feature: BrokerFeature): void {
  if (!features.has(feature)) throw baseErrors.unimplemented(name, feature)
}
