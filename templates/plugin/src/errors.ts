import { MicroError } from '@microts/core/base'

/** The failures of this store besides those that all stores share. */
export const jsonStoreErrors = {
  corrupt: (file: string, cause: unknown) =>
    new MicroError('data_loss', `Cannot read the store ${file}: ${textOf(cause)}`, {
      reason: 'FILE_CORRUPT',
      hint: 'Mend it by hand, it is JSON; or bring it back from a backup.',
      cause,
    }),

  unusable: (file: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot use the store ${file}: ${textOf(cause)}`, {
      reason: 'FILE_UNUSABLE',
      hint: `Look whether there is room on the disk, and who may write: ls -ld ${file}`,
      cause,
    }),

  changed: (file: string) =>
    new MicroError('aborted', `Cannot write the store ${file}: somebody else has changed it`, {
      reason: 'FILE_CHANGED',
      hint: 'Give each service a file of its own. To take over what was changed, start the service again.',
    }),
}

const textOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))
