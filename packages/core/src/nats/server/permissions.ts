import { natsErrors } from '../errors.js'
import { isSubject, patternCovers, patternsOverlap, subjectMatches } from '../wire/subject.js'

/**
 * Subjects, with wildcards, that are allowed and denied. Without `allow` all are; an empty `allow` is none. What `deny` names is denied, whatever
 * else is said.
 */
export interface NatsSubjectRule {
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
}

/** How often, and for how long, a subscriber may answer to the reply subject of a message that it was given. */
export interface NatsResponseRule {
  /** Messages for each reply subject. @default 1 */
  readonly max?: number
  /** After the message. @default 120_000 */
  readonly expiresMs?: number
}

/** What a user may do. */
export interface NatsPermissions {
  readonly publish?: NatsSubjectRule
  /** An entry `subject group`, with a space between, speaks of subscriptions in that queue group alone; the group may have wildcards. */
  readonly subscribe?: NatsSubjectRule
  /** Also to publish to the reply subjects of messages that it was given. Without `publish.allow` that is then all that it may publish. @default false */
  readonly allowResponses?: boolean | NatsResponseRule
}

/** {@link NatsPermissions} made ready for asking. */
export interface Permit {
  mayPublish(subject: string): boolean
  /** Whether it may publish there where it was asked to: what is denied stays denied. */
  mayAnswer(subject: string): boolean
  /** Whether all that the pattern `subject` may ever get is allowed, and not all of it denied. */
  maySubscribe(subject: string, queue: string | undefined): boolean
  /** Whether some of what the pattern `subject` would get is denied: each of its messages is to be asked about. */
  isPartlyDenied(subject: string, queue: string | undefined): boolean
  /** Whether a message to `subject` is kept from a subscription in `queue`. */
  isDenied(subject: string, queue: string | undefined): boolean
  readonly responses: Required<NatsResponseRule> | undefined
}

interface Clause {
  readonly subject: string
  readonly queue: string | undefined
}

type Covers = (clause: string, subject: string) => boolean

// What was asked is remembered, up to so many subjects, and then forgotten at once.
const maxRemembered = 4096
const defaultResponses = { max: 1, expiresMs: 120_000 }

/** @throws `invalid_argument`/`PERMISSION_INVALID` */
export function permit(permissions: NatsPermissions, user: string): Permit {
  const { allowResponses = false } = permissions
  const responses = allowResponses === false ? undefined : { ...defaultResponses, ...(allowResponses === true ? {} : allowResponses) }
  const publishAllow = permissions.publish?.allow ?? (responses === undefined ? undefined : [])
  const publish = { allow: clauses(publishAllow, user, false), deny: clauses(permissions.publish?.deny, user, false) ?? [] }
  const subscribe = {
    allow: clauses(permissions.subscribe?.allow, user, true),
    deny: clauses(permissions.subscribe?.deny, user, true) ?? [],
  }
  const mayAnswer = (subject: string) => !publish.deny.some((clause) => subjectMatches(clause.subject, subject))
  const mayPublish = remembering((subject) => {
    if (!mayAnswer(subject)) return false
    return publish.allow?.some((clause) => subjectMatches(clause.subject, subject)) ?? true
  })
  const isDeniedToAll = remembering((subject) =>
    subscribe.deny.some((clause) => clause.queue === undefined && subjectMatches(clause.subject, subject)),
  )
  const queueDeny = subscribe.deny.filter((clause) => clause.queue !== undefined)

  return {
    responses,
    mayPublish,
    mayAnswer,
    maySubscribe(subject, queue) {
      if (subscribe.deny.some((clause) => concerns(clause, queue) && patternCovers(clause.subject, subject))) return false
      return subscribe.allow === undefined || isAllowed(subscribe.allow, subject, queue)
    },
    isPartlyDenied: (subject, queue) =>
      subscribe.deny.some((clause) => concerns(clause, queue) && patternsOverlap(clause.subject, subject)),
    isDenied: (subject, queue) => isDeniedToAll(subject) || (queue !== undefined && matchesAny(queueDeny, subject, queue, subjectMatches)),
  }
}

function isAllowed(allow: readonly Clause[], subject: string, queue: string | undefined): boolean {
  const found = allow.filter((clause) => patternCovers(clause.subject, subject))
  const named = found.filter((clause) => clause.queue !== undefined)
  // Where groups are named for a subject, only these may share it, as with nats-server.
  if (queue !== undefined && named.length > 0) return named.some((clause) => concerns(clause, queue))
  return found.length > named.length
}

const matchesAny = (list: readonly Clause[], subject: string, queue: string, covers: Covers) =>
  list.some((clause) => concerns(clause, queue) && covers(clause.subject, subject))

const concerns = (clause: Clause, queue: string | undefined) =>
  clause.queue === undefined || (queue !== undefined && subjectMatches(clause.queue, queue))

function remembering(answer: (subject: string) => boolean): (subject: string) => boolean {
  const known = new Map<string, boolean>()
  return (subject) => {
    let found = known.get(subject)
    if (found !== undefined) return found
    found = answer(subject)
    if (known.size >= maxRemembered) known.clear()
    known.set(subject, found)
    return found
  }
}

function clauses(list: readonly string[] | undefined, user: string, withQueue: boolean): Clause[] | undefined {
  return list?.map((entry) => {
    // Subjects are compared as they lie on the wire: one character a byte.
    const words = Buffer.from(entry).toString('latin1').split(' ')
    const [subject = '', queue] = words
    const isRight = words.length <= (withQueue ? 2 : 1) && isSubject(subject) && (queue === undefined || isSubject(queue))
    if (!isRight) throw natsErrors.permissionInvalid(user, entry)
    return { subject, queue }
  })
}
