import { natsErrors } from '../errors.js'
import { isLiteralSubject, isSubject } from './subject.js'

/** Refuses what cannot be published to. */
export function checkPublish(subject: string, reply: string | undefined): void {
  if (!isLiteralSubject(subject)) throw natsErrors.subjectInvalid(subject, 'it is empty, or has white space, an empty token or a wildcard')
  if (reply !== undefined && !isLiteralSubject(reply))
    throw natsErrors.subjectInvalid(reply, 'as a reply subject it must have neither white space nor an empty token nor a wildcard')
}

/** Refuses what cannot be subscribed to. */
export function checkSubscribe(subject: string, queue: string | undefined): void {
  if (!isSubject(subject))
    throw natsErrors.subjectInvalid(subject, 'it is empty, or has white space, an empty token or a `>` that is not at the end')
  if (queue !== undefined && !isLiteralSubject(queue))
    throw natsErrors.subjectInvalid(queue, 'as a queue group it must have neither white space nor a wildcard')
}
