import { MicroError } from '../base/index.js'

/** The failures of a broker, each made in one place. */
export const brokerErrors = {
  /** A topic, or a queue group, that the contract does not allow. */
  topicInvalid: (what: 'topic' | 'queue', text: string, why: string) =>
    new MicroError('invalid_argument', `Cannot use ${JSON.stringify(text.slice(0, 100))} as a ${what}: ${why}`, {
      reason: 'TOPIC_INVALID',
      hint: 'Use 1 to 255 characters: tokens of A-Z a-z 0-9 _ - with `.` between them.',
      details: { [what]: text.slice(0, 300) },
    }),

  /** A header that the contract does not allow. */
  headerInvalid: (key: string, why: string) =>
    new MicroError('invalid_argument', `Cannot send the header ${JSON.stringify(key.slice(0, 100))}: ${why}`, {
      reason: 'HEADER_INVALID',
      hint: 'Keys are 1 to 256 characters of A-Z a-z 0-9 _ -; values have no line break and no NUL. Put anything else into the body.',
      details: { key: key.slice(0, 300) },
    }),

  /** More than the broker carries. */
  messageTooLarge: (topic: string, bytes: number, maxBytes: number) =>
    new MicroError(
      'resource_exhausted',
      `Cannot publish to "${topic}": the message has ${bytes} bytes, and at most ${maxBytes} are carried`,
      {
        reason: 'MESSAGE_TOO_LARGE',
        hint: 'Send less, or put the data into a store and send its key.',
        details: { topic, bytes, maxBytes },
      },
    ),

  /** Nobody is there to take it. */
  unavailable: (address: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot reach the broker at ${address}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      reason: 'BROKER_UNAVAILABLE',
      hint: 'Start it, or correct its address (MICRO_BROKER_ADDRESS).',
      details: { address },
      cause,
    }),

  /** A subscriber did not keep up, and messages for it were dropped. */
  slowConsumer: (topic: string, waitingMessages: number) =>
    new MicroError(
      'resource_exhausted',
      `Dropped messages to "${topic}": ${waitingMessages} wait already for a subscriber that is too slow`,
      {
        reason: 'SLOW_CONSUMER',
        hint: 'Do the work faster, raise `concurrency`, or share it in a queue group.',
        details: { topic, waitingMessages },
      },
    ),

  /** What arrived on a topic is no message of a Micro service. */
  envelopeInvalid: (topic: string, why: string) =>
    new MicroError('invalid_argument', `Cannot read a message to "${topic}": ${why}`, {
      reason: 'ENVELOPE_INVALID',
      hint: 'Publish {"Header":{...},"Body":"<base64>"} to topics of Micro services, or use other subjects.',
      details: { topic },
    }),
}
