import { MicroError, didYouMean } from '@microts/core/base'
import { shown } from '../reference/errors.js'

/** What can be missing on this machine. */
export const resolveErrors = {
  /** The same failure; its details say which reference it is about. */
  about: (reference: string, error: MicroError) =>
    new MicroError(error.code, error.message, {
      reason: error.reason,
      ...(error.hint !== undefined && { hint: error.hint }),
      ...(error.place !== undefined && { place: error.place }),
      details: { ...error.details, reference },
      ...(error.cause !== undefined && { cause: error.cause }),
    }),

  folderMissing: (reference: string, folder: string) =>
    new MicroError('not_found', `Cannot use "${reference}": there is no folder ${folder}`, {
      reason: 'PLUGIN_FOLDER_MISSING',
      hint: 'In a file a path counts from the folder of the project, on the command line from the folder that you are in.',
      details: { reference, folder },
    }),

  packageMissing: (reference: string, name: string, project: string) =>
    new MicroError('not_found', `Cannot use "${reference}": no node_modules at or above ${project} has it`, {
      reason: 'PLUGIN_PACKAGE_MISSING',
      hint: `npm install ${name}`,
      details: { reference },
    }),

  notInstalled: (key: string, commit: string) =>
    new MicroError('not_found', `Cannot find ${key} at ${commit}: the lock names it, and it is not on this machine`, {
      reason: 'PLUGIN_NOT_FETCHED',
      hint: 'micro plugin install',
      details: { key, commit },
    }),

  linkWrong: (path: string) =>
    new MicroError('failed_precondition', `Cannot rely on plugins/${path}: it does not lead to what the lock names`, {
      reason: 'LINK_WRONG',
      hint: 'micro plugin install',
      details: { path },
    }),

  /** `known`: what the lock names, as it is written. */
  notLocked: (reference: string, known: readonly string[]) =>
    new MicroError('not_found', `Cannot find ${shown(reference)} in micro.lock: it names ${known.map(shown).join(', ') || 'no plugin'}`, {
      reason: 'PLUGIN_NOT_LOCKED',
      hint: [didYouMean(reference, known), `\`micro plugin add ${shown(reference)}\` adds it.`].filter(Boolean).join(' '),
      details: { reference, known },
    }),

  /** `path`: the folder of the user's. */
  linkedWhileFrozen: (key: string, path: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot use ${path} in the place of ${key}: micro.lock is frozen, and does not say what is in it`,
      {
        reason: 'LINKED_WHILE_FROZEN',
        hint: `\`micro plugin link --remove ${key}\` takes what the lock names again. CI=true freezes it.`,
        details: { key, path },
      },
    ),

  linkedNowhere: (key: string, known: readonly string[]) =>
    new MicroError('not_found', `Cannot find ${key} among what is linked here: ${known.join(', ') || 'nothing is'}`, {
      reason: 'NOT_LINKED',
      hint: didYouMean(key, known) ?? '`micro plugin list` shows what is linked.',
      details: { key, known },
    }),

  notFromGit: (reference: string) =>
    new MicroError('invalid_argument', `Cannot do this with "${shown(reference)}": it is not from git`, {
      reason: 'PLUGIN_NOT_FROM_GIT',
      hint: 'Name a plugin as host/owner/repository. `micro plugin list` shows those that are locked.',
      details: { reference },
    }),
}
