/**
 * Whether a plugin made for `range` works with this plugin API.
 *
 * `range` is `^MAJOR.MINOR`, `^MAJOR` or, the same thing, without the caret: our MAJOR must be that one, our MINOR that one or a later one.
 * Anything else fits nothing, also what is no text: a stranger's code may say what it likes.
 */
export function apiFits(range: unknown, api: string): boolean {
  const wanted = /^\^?(\d{1,4})(?:\.(\d{1,4}))?$/.exec(typeof range === 'string' ? range.trim() : '')
  const [major, minor] = api.split('.').map(Number) as [number, number]
  return wanted !== null && Number(wanted[1]) === major && Number(wanted[2] ?? 0) <= minor
}
