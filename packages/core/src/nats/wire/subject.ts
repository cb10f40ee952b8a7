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

/** Whether whatever is published to something that `inner` matches is matched by `outer` too. A `>` that is not at the end of `inner` is no wildcard. */
export function patternCovers(outer: string, inner: string): boolean {
  const wanted = outer.split('.')
  const found = inner.split('.')
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return found.length > index
    const other = found[index]
    // A `>` is wider than any one token.
    if (other === undefined || (other === '>' && index === found.length - 1) || (token !== '*' && token !== other)) return false
  }
  return wanted.length === found.length
}

/** Whether there is a subject that both match. Both are valid. */
export function patternsOverlap(one: string, other: string): boolean {
  const left = one.split('.')
  const right = other.split('.')
  for (let index = 0; index < left.length && index < right.length; index++) {
    const a = left[index]
    const b = right[index]
    if (a === '>' || b === '>') return true
    if (a !== b && a !== '*' && b !== '*') return false
  }
  return left.length === right.length
}
