import { referenceErrors } from './errors.js'
import type { Revision } from './reference.js'

const longestRevision = 200
const commit = /^([0-9a-f]{40}|[0-9a-f]{64})$/i
// Letters and digits mixed, as a cut-off commit has them; `20240101` and `facade` may be names.
const cutCommit = /^(?=.*\d)(?=.*[a-f])[0-9a-f]{7,63}$/i
const comparator = /^(\^|~|>=|<=|>|<|=)v?\d{1,9}(\.\d{1,9}){0,2}(-[0-9A-Za-z.-]+)?$/

/**
 * Reads what stands behind `:` or `#`: a commit, a range of versions, a tag, or a branch. `text` is the whole reference, for the message.
 *
 * @throws MicroError `REF_SYNTAX`: also for a commit that is cut short, and for all that git could take for an option
 */
export function parseRevision(written: string, text: string): Revision {
  const refuse = (why: string, hint = revisionHint) => referenceErrors.syntax(text, why, hint)
  if (written === '') throw refuse('nothing follows the mark of a revision')
  if (written.length > longestRevision) throw refuse(`its revision has more than ${longestRevision} characters`)
  if (/^[-/]/.test(written)) throw refuse(`its revision begins with "${written.charAt(0)}"`)
  if (commit.test(written)) return { is: 'commit', text: written.toLowerCase() }
  if (cutCommit.test(written))
    throw refuse(
      'its revision looks like a part of a commit',
      'Write all 40 digits of the commit; a tag or branch of such a name as tags/<name> or heads/<name>.',
    )
  if (written === 'latest' || /^[\^~<>=]/.test(written)) return parseRange(written, refuse)
  if (written.startsWith('refs/')) throw refuse('its revision is the full name of a ref', 'Write tags/<name> or heads/<name>.')
  if (!isRefName(written)) throw refuse('its revision is no name that git allows')
  if (written.startsWith('tags/')) return { is: 'tag', text: written, name: written.slice('tags/'.length) }
  if (written.startsWith('heads/')) return { is: 'branch', text: written, name: written.slice('heads/'.length) }
  return { is: 'name', text: written }
}

const revisionHint = 'A revision is a tag, a branch, a whole commit, or a range such as ^1.2.'

function parseRange(written: string, refuse: (why: string, hint?: string) => Error): Revision {
  const words = written.split(' ')
  if (written !== 'latest' && !words.every((word) => comparator.test(word)))
    throw refuse('its revision is no range of versions', 'Write ^1.2, ~1.2, ">=1.2 <2", or latest.')
  return { is: 'range', text: written }
}

/** The rules of git check-ref-format, and ASCII only: a look-alike of a branch's name is no name. */
function isRefName(name: string): boolean {
  if (!/^[!-~]+$/.test(name) || /[~^:?*[\\#]/.test(name)) return false
  if (name.includes('..') || name.includes('@{') || name === '@' || name.endsWith('.')) return false
  return name.split('/').every((part) => part !== '' && !/^[-.]/.test(part) && !part.endsWith('.lock'))
}
