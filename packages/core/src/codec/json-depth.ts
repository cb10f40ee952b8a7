const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Whether lists and objects in the JSON `text` are nested more than `maxDepth` deep.
 *
 * Almost every text is judged without being read: one of depth n has at least 2n characters and n opening brackets, and both are counted natively.
 */
export function isDeeperThan(text: string, maxDepth: number): boolean {
  if (text.length <= 2 * maxDepth) return false
  if (countUpTo(text, '{', maxDepth) + countUpTo(text, '[', maxDepth) <= maxDepth) return false
  return scan(text, maxDepth)
}

function countUpTo(text: string, bracket: string, limit: number): number {
  let count = 0
  for (let at = text.indexOf(bracket); at !== -1 && count <= limit; at = text.indexOf(bracket, at + 1)) count++
  return count
}

// Brackets inside strings do not count, so the strings are stepped over.
function scan(text: string, maxDepth: number): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (inString) {
      if (unit === BACKSLASH) at++
      else if (unit === QUOTE) inString = false
    } else if (unit === QUOTE) inString = true
    // Setting bit 5 folds [ on { and ] on }.
    else if ((unit | 0x20) === 0x7b) {
      if (++depth > maxDepth) return true
    } else if ((unit | 0x20) === 0x7d) depth--
  }
  return false
}
