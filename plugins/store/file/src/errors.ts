import { MicroError } from '@microts/core/base'

/** The failures that only the file store has, each made in one place. */
export const fileErrors = {
  /** Another process has the folder open. `pid`: undefined when it does not say. */
  locked: (folder: string, pid: number | undefined) =>
    new MicroError(
      'failed_precondition',
      `Cannot open the file store in "${folder}": ${pid === undefined ? 'another process' : `process ${pid}`} has it open`,
      {
        reason: 'STORE_LOCKED',
        hint: 'Let that process do the work, stop it, or choose another `folder`; for several processes choose a store with a server.',
        details: { folder, ...(pid === undefined ? undefined : { pid }) },
      },
    ),

  /** The folder cannot be made, listed or locked. */
  folderUnusable: (folder: string, cause: unknown) =>
    new MicroError('failed_precondition', `Cannot open the file store in "${folder}": ${messageOf(cause)}`, {
      reason: 'FOLDER_UNUSABLE',
      hint: 'Make it a folder that this user may write to, or choose another `folder`.',
      details: { folder },
      cause,
    }),

  /** Something in the log that was once safe on disk cannot be read any more, and what is lost with it is not known. */
  logCorrupt: (file: string, offset: number, why: string) =>
    new MicroError('data_loss', `Cannot open the log "${file}": at offset ${offset} ${why}`, {
      reason: 'LOG_CORRUPT',
      hint: 'Bring the folder back from a backup, and look at the disk. Nothing was changed, so the files can still be examined.',
      details: { file, offset },
    }),

  /** A file of a later version of this package. */
  versionUnknown: (file: string, found: number, known: number) =>
    new MicroError(
      'failed_precondition',
      `Cannot open the log "${file}": its format has version ${found}, and ${known} is the latest known here`,
      {
        reason: 'LOG_VERSION_UNKNOWN',
        hint: 'Update @microts/store-file to the version that wrote it.',
        details: { file, found, known },
      },
    ),

  /** No room for what was put. Nothing of it is kept, and the store goes on. */
  diskFull: (file: string, cause: unknown) =>
    new MicroError('resource_exhausted', `Cannot write to "${file}": ${messageOf(cause)}`, {
      reason: 'DISK_FULL',
      hint: 'Free some space, then put it again: the store needs no restart.',
      details: { file },
      cause,
    }),

  /** The disk has refused a write or a sync, so nothing more is acknowledged. Whether the last records are safe is not known. */
  failed: (file: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot write to "${file}" any more: ${messageOf(cause)}`, {
      reason: 'STORE_FAILED',
      hint: 'Look at the disk (`dmesg`), then close the store and open it again. Records can still be read.',
      details: { file },
      cause,
    }),
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
