import type { Delivery, Message } from './broker.js'

const nothing = () => Promise.resolve()

/** A delivery of a broker without acknowledgements: the first attempt is the only one. */
export function delivered(topic: string, message: Message): Delivery {
  return { topic, message, attempt: 1, ack: nothing }
}
