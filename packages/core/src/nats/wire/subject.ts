/**
 * Whether `subject` may be subscribed to: tokens with `.` between them, none empty and none with white space;
 * a token `*` stands for any one, a last token `>` for one or more.
 */
export function isSubject(subject: string): boolean {
  if (hasWhiteSpace(subject)) return false
  const tokens = subject.split('.')
  return tokens.every((token, index) => token !== '' && (token !== '>' || index === tokens.length - 1))
}

/** Whether `subject` is valid and has no wildcard: what may be published to. */
export function isLiteralSubject(subject: string): boolean {
  return isSubject(subject) && !isPattern(subject)
}

/** Whether a valid subject has a wildcard. An asterisk inside a longer token is an ordinary character. */
export function isPattern(subject: string): boolean {
  if (!subject.includes('*') && !subject.includes('>')) return false
  return subject.split('.').some((token) => token === '*' || token === '>')
}

/** Whether what is published to `subject` reaches a subscription to `pattern`. Both are valid. */
export function subjectMatches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.')
  const found = subject.split('.')
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return found.length > index
    if (index >= found.length || (token !== '*' && token !== found[index])) return false
  }
  return wanted.length === found.length
}

function hasWhiteSpace(subject: string): boolean {
  // The four bytes at which a protocol line is split; nats-server lets every other one through, NUL included.
  for (let index = 0; index < subject.length; index++) {
    const code = subject.charCodeAt(index)
    if (code === 32 || code === 9 || code === 10 || code === 13) return true
  }
  return false
}
