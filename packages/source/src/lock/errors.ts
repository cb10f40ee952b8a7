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
      hint: 'Type `micro plugin lock`: it keeps what both sides have.',
      place: { file, line },
    }),

  undecided: (
    file: string,
    open: readonly { readonly key: string; readonly revision: string; readonly ours: string; readonly theirs: string }[],
  ) =>
    new MicroError(
      'failed_precondition',
      `Cannot resolve ${file}: both sides moved ${open.map(({ key, revision, ours, theirs }) => `${key}${revision === '' ? '' : `:${shown(revision)}`} (ours ${ours}, theirs ${theirs})`).join(', ')}`,
      {
        reason: 'LOCK_UNDECIDED',
        hint: 'Neither commit grew from the other. Type `micro plugin lock --ours` or `micro plugin lock --theirs`.',
        place: { file },
        details: { open },
      },
    ),

  hashesDiffer: (file: string, key: string, commit: string) =>
    new MicroError('data_loss', `Cannot resolve ${file}: the two sides have two contents for commit ${commit} of ${key}`, {
      reason: 'HASH_MISMATCH',
      hint: 'A commit has one content. Somebody changed one of the two: compare them with the history of the file.',
      place: { file },
      details: { key, commit },
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
