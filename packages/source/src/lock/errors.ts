import { MicroError } from '@microts/core/base'
import { shown } from '../reference/errors.js'
import { type Mistake, describeMistakes } from '../yaml/mistake.js'

/** What can be wrong with `micro.lock`, and with what it is asked for. */
export const lockErrors = {
  invalid: (file: string, mistakes: readonly Mistake[]) =>
    new MicroError('invalid_argument', `Cannot read ${file}: ${describeMistakes(mistakes)}`, {
      reason: 'LOCK_INVALID',
      hint: 'micro writes this file. Take it from git again: `git checkout micro.lock`.',
      ...(mistakes[0] !== undefined && { place: mistakes[0].place }),
      details: { mistakes },
    }),

  conflict: (file: string, line: number) =>
    new MicroError('failed_precondition', `Cannot read ${file}: line ${line} has the mark of a merge that is not finished`, {
      reason: 'LOCK_CONFLICT',
      hint: 'Keep the lines of both sides, take the marks out, and type `micro plugin install`.',
      place: { file, line },
    }),

  incomplete: (file: string, key: string, what: string) =>
    new MicroError('failed_precondition', `Cannot use ${file}: ${what} of ${shown(key)} is missing`, {
      reason: 'LOCK_INCOMPLETE',
      hint: 'Nothing is loaded whose content the lock does not name. Take the file from git again, or add the plugin again.',
      place: { file },
      details: { key, what },
    }),

  tagMoved: (key: string, ref: string, locked: string, found: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot add ${key}: its tag "${shown(ref.replace('refs/tags/', ''))}" was ${locked} and is ${found} now`,
      {
        reason: 'TAG_MOVED',
        hint: 'Ask its author why. To take the new one, name its commit, or take the plugin out of micro.lock first.',
        details: { key, ref, locked, found },
      },
    ),

  frozen: (key: string, revision: string, why: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot change micro.lock, it is frozen: ${why} (${key}${revision === '' ? '' : `:${shown(revision)}`})`,
      {
        reason: 'LOCK_FROZEN',
        hint: `Type \`micro plugin add ${key}${revision === '' ? '' : `:${revision}`}\` on your machine and commit micro.lock. CI=true freezes it.`,
        details: { key, revision },
      },
    ),

  offline: (key: string, revision: string) =>
    new MicroError(
      'unavailable',
      `Cannot fetch ${key}${revision === '' ? '' : `:${shown(revision)}`}: --offline, and it is not on this machine`,
      {
        reason: 'OFFLINE',
        hint: 'Type `micro plugin install` once with a network.',
        details: { key, revision },
      },
    ),

  caseCollision: (key: string, other: string) =>
    new MicroError(
      'invalid_argument',
      `Cannot use ${key} beside ${other}: they differ in upper and lower case only, and are one folder on many disks`,
      {
        reason: 'CASE_COLLISION',
        hint: 'Write it the same everywhere.',
        details: { key, other },
      },
    ),
}

const mistake = (reason: string, message: string, file: string): Mistake => ({ code: 'invalid_argument', reason, message, place: { file } })

/** What can be wrong in the file itself. */
export const lockMistakes = {
  version: (file: string, found: string | undefined) =>
    mistake('LOCK_VERSION', `"version" must be 1: found ${found === undefined ? 'none' : shown(found)}`, file),

  wrong: (file: string, path: string, wanted: string) => mistake('LOCK_VALUE', `"${shown(path)}" must be ${wanted}`, file),
}
