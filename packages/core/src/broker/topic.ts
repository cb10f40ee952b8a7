import { brokerErrors } from './errors.js'

const maxCharacters = 255
const token = /^[A-Za-z0-9_-]+$/

/**
 * Refuses what is no topic.
 *
 * @throws `invalid_argument`/`TOPIC_INVALID`
 */
export function checkTopic(topic: string): void {
  check('topic', topic)
}

/**
 * Refuses what is neither a topic nor one with wildcards: `*` for any one token, `>` at the end for one or more.
 *
 * @throws `invalid_argument`/`TOPIC_INVALID`
 */
export function checkTopicPattern(pattern: string): void {
  const tokens = pattern.split('.')
  const literal = tokens.map((each, index) => (each === '*' || (each === '>' && index === tokens.length - 1) ? 'x' : each))
  check('topic', literal.join('.'), pattern)
}

/** Whether a topic has a wildcard, so that it needs the feature `wildcards`. */
export function hasWildcard(topic: string): boolean {
  return topic.split('.').some((each) => each === '*' || each === '>')
}

/**
 * Refuses what is no queue group; undefined is none.
 *
 * @throws `invalid_argument`/`TOPIC_INVALID`
 */
export function checkQueue(queue: string | undefined): void {
  if (queue !== undefined) check('queue', queue)
}

function check(what: 'topic' | 'queue', text: string, shown = text): void {
  if (text === '') throw brokerErrors.topicInvalid(what, shown, 'it is empty')
  if (text.length > maxCharacters) throw brokerErrors.topicInvalid(what, shown, `it has ${text.length} characters`)
  const bad = text.split('.').find((each) => !token.test(each))
  if (bad === '') throw brokerErrors.topicInvalid(what, shown, 'it has an empty token')
  if (bad !== undefined) throw brokerErrors.topicInvalid(what, shown, `the token ${JSON.stringify(bad.slice(0, 100))} has other characters`)
}
