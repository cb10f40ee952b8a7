/** Whether something that was made from files must be made again. */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root, writeWhole } from './files.mjs'

/**
 * Remembers size, time and hash of each input in `stamp`.
 *
 * @param {string} stamp absolute
 * @param {string[]} files relative to the root
 * @param {{ also?: string }} [options] `also`: what else decides the result, such as a list of names
 */
export function writeStamp(stamp, files, { also = '' } = {}) {
  const inputs = Object.fromEntries(files.map((file) => [file, describe(join(root, file))]))
  writeWhole(stamp, JSON.stringify({ also, inputs }))
}

/**
 * Whether every input is as it was. Sizes and times are looked at first; a hash only where the time alone differs (a branch that was
 * visited and left), so that a fresh answer costs a `stat` a file.
 *
 * @param {string} stamp absolute; absent or cut off is not fresh
 * @param {{ also?: string }} [options]
 */
export function isFresh(stamp, { also = '' } = {}) {
  let known
  try {
    known = JSON.parse(readFileSync(stamp, 'utf8'))
  } catch {
    return false // absent, or cut off by a full disk: it is made anew
  }
  if (known.also !== also) return false
  return Object.entries(known.inputs).every(([file, [mtimeMs, size, hash]]) => {
    const now = statSync(join(root, file), { throwIfNoEntry: false })
    if (now === undefined || now.size !== size) return false
    return now.mtimeMs === mtimeMs || describe(join(root, file))[2] === hash
  })
}

function describe(path) {
  const { mtimeMs, size } = statSync(path)
  return [mtimeMs, size, createHash('sha256').update(readFileSync(path)).digest('base64')]
}
