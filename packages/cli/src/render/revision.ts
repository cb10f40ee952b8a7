/** A revision for people: the branch or tag, and the commit's first 12 digits: `develop 3f2c1ab90d12`. What was written counts more than what it led to. */
export function renderRevision(revision: string, commit: string, ref?: string): string {
  const name = revision === '' ? (ref?.replace(/^refs\/(?:heads|tags)\//, '') ?? '') : revision
  return [...(name === commit ? [] : [name]), commit.slice(0, 12)].filter(Boolean).join(' ')
}
