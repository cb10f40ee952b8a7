import { MicroError } from '@microts/core/base'
import { shown } from '../reference/errors.js'

const author = 'Its author has to change that; until then name another folder in it with //.'

const refused = (reason: string, key: string, path: string, why: string) =>
  new MicroError('invalid_argument', `Cannot use ${key}: its file "${shown(path)}" ${why}`, {
    reason,
    hint: author,
    details: { key, path },
  })

/** What the content of a plugin can be refused for, and what can be wrong with the store. */
export const storeErrors = {
  link: (key: string, path: string) => refused('SYMLINK', key, path, 'is a link, and a link may lead anywhere'),

  submodule: (key: string, path: string) => refused('SUBMODULE', key, path, 'is a submodule, and nothing else is fetched'),

  escape: (key: string, path: string) => refused('PATH_ESCAPE', key, path, 'would be written outside of its folder'),

  reserved: (key: string, path: string, why: string) => refused('RESERVED_NAME', key, path, `cannot be written: ${why}`),

  unreadableName: (key: string, path: string) =>
    refused('FILE_NAME', key, path, 'has a name that is no plain UTF-8, has control characters, or is too long'),

  caseCollision: (key: string, path: string, other: string) =>
    refused('CASE_COLLISION', key, path, `and "${shown(other)}" are one file where cases are not told apart`),

  tooBig: (key: string, what: string, most: number) =>
    new MicroError('resource_exhausted', `Cannot use ${key}: it has more than ${most} ${what}`, {
      reason: 'TOO_BIG',
      hint: author,
      details: { key, what, most },
    }),

  unwritable: (store: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot write into ${store}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      reason: 'STORE_UNWRITABLE',
      hint: 'Make room or grant access; XDG_DATA_HOME moves it to another disk.',
      cause,
    }),

  noFolder: (key: string, folder: string, commit: string) =>
    new MicroError('not_found', `Cannot find the folder "${folder}" of ${key}: commit ${commit} has no file in it`, {
      reason: 'FOLDER_NOT_IN_REPOSITORY',
      hint: 'Look at what stands behind "//", and at the revision.',
      details: { key, folder, commit },
    }),

  changed: (key: string, folder: string, wanted: string, found: string) =>
    new MicroError(
      'data_loss',
      `Cannot use ${key}: its content in ${folder} is not what the lock names (wanted ${wanted}, found ${found})`,
      {
        reason: 'HASH_MISMATCH',
        hint: `Somebody changed it. Look at it, delete ${folder}, and type \`micro plugin install\`.`,
        details: { key, folder, wanted, found },
      },
    ),

  fetchedOther: (key: string, commit: string, wanted: string, found: string) =>
    new MicroError(
      'data_loss',
      `Cannot use ${key}: commit ${commit} was fetched with another content than the lock names (wanted ${wanted}, found ${found})`,
      {
        reason: 'HASH_MISMATCH',
        hint: 'The lock or the repository was tampered with, or a mirror serves something else. Compare micro.lock with its history.',
        details: { key, commit, wanted, found },
      },
    ),
}
