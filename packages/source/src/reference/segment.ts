import { referenceErrors } from './errors.js'

const segment = /^[A-Za-z0-9._~-]{1,100}$/
// GitLab has 20 levels of groups.
const mostSegments = 22
// Windows opens the device whatever follows the dot, in any case.
const device = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?$/i

/**
 * Checks the folders of a path that is written with `/`: each becomes a folder on somebody's disk, of whatever system.
 *
 * @throws MicroError `REF_SYNTAX`, `PATH_ESCAPE` or `RESERVED_NAME`; `text` is the whole reference, for the message
 */
export function checkSegments(path: string, text: string): void {
  const segments = path.split('/')
  if (segments.length > mostSegments)
    throw referenceErrors.syntax(
      text,
      `its path has more than ${mostSegments} parts`,
      'Name the repository itself, and a folder in it after "//".',
    )
  for (const part of segments) checkSegment(part, text)
}

function checkSegment(part: string, text: string): void {
  if (part === '') throw referenceErrors.syntax(text, 'a part of its path is empty', 'Write one "/" between the parts and none at the end.')
  if (part === '.' || part === '..' || /[\\%]/.test(part)) throw referenceErrors.escape(text, part)
  const why = whyReserved(part) ?? whyNoFolder(part)
  if (why !== undefined) throw referenceErrors.reserved(text, part, why)
  const hint = 'A part of a path has letters, digits, ".", "_", "-" and "~".'
  if (!segment.test(part)) throw referenceErrors.syntax(text, 'its path has characters that no path may have', hint)
  if (/^[-.]/.test(part)) throw referenceErrors.syntax(text, `"${part}" begins with "${part.charAt(0)}"`, hint)
}

/** Why no folder or file may have this name, on any system; undefined for one that may. */
export function whyReserved(name: string): string | undefined {
  // What HFS+ leaves out when it compares names, and the short names of NTFS (CVE-2014-9390, CVE-2019-1352).
  const plain = name
    .replaceAll(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, '')
    .toLowerCase()
    .replace(/[. ]+$/, '')
  if (plain === '.git' || /^git~\d+$/.test(plain) || /^\.git[:\\]/.test(plain)) return 'git keeps its own data under it'
  if (device.test(name)) return 'it is a device on Windows'
  return /[. ]$/.test(name) ? 'Windows drops the character at its end' : undefined
}

/** A folder of ours may not have such a name either, since git gives it a meaning; a file in a plugin may. */
function whyNoFolder(name: string): string | undefined {
  const plain = name.toLowerCase()
  if (plain.endsWith('.git')) return 'a name that ends with ".git" is a repository of its own'
  return plain.endsWith('.lock') ? 'git keeps its locks under such names' : undefined
}
