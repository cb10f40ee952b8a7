import { MicroError, type Place } from '@microts/core/base'

/** What can go wrong while files of a project are written. */
export const scaffoldErrors = {
  notEmpty: (path: string) =>
    new MicroError('already_exists', `Cannot write to ${path}: it is there already, and not empty`, {
      reason: 'TARGET_EXISTS',
      hint: 'Choose another name, or empty the folder first.',
    }),

  fileInTheWay: (path: string) =>
    new MicroError('already_exists', `Cannot make the folder ${path}: a file has that name`, {
      reason: 'TARGET_EXISTS',
      hint: 'Choose another name, or move the file away.',
    }),

  notWritable: (path: string, cause: NodeJS.ErrnoException) => {
    const isForbidden = cause.code === 'EACCES' || cause.code === 'EPERM' || cause.code === 'EROFS'
    return new MicroError(
      isForbidden ? 'permission_denied' : 'failed_precondition',
      `Cannot write to ${path}: ${isForbidden ? 'it may not be written to' : cause.message}`,
      { reason: 'TARGET_UNWRITABLE', hint: `Go to a folder that you may write to. \`ls -ld ${path}\` shows who may.`, cause },
    )
  },

  unreadableFile: (place: Place, why: string, hint?: string) =>
    new MicroError('invalid_argument', `Cannot add a service to ${place.file}: ${why}`, {
      reason: 'PROJECT_BROKEN',
      place,
      hint: hint ?? 'Mend the file first; nothing was changed.',
    }),

  serviceTaken: (name: string, type: string, place: Place) =>
    new MicroError('already_exists', `Cannot name a service "${name}": the project has one of that name, of type ${type}`, {
      reason: 'SERVICE_EXISTS',
      place,
      hint: 'Choose another name.',
    }),

  manifestUnreadable: (file: string, cause: Error) =>
    new MicroError('invalid_argument', `Cannot add dependencies to ${file}: ${cause.message}`, {
      reason: 'MANIFEST_UNREADABLE',
      place: { file },
      hint: 'Mend the file first; nothing was changed.',
      cause,
    }),

  packFailed: (checkout: string, complaint: string, cause: unknown) =>
    new MicroError('failed_precondition', `Cannot pack ${checkout}, which the new project would depend on: ${complaint}`, {
      reason: 'PACK_FAILED',
      hint: `Type: npm run pack --prefix ${checkout}`,
      cause,
    }),

  tarballGone: (file: string, name: string) =>
    new MicroError('failed_precondition', `Cannot depend on ${name} as this command does: ${file}, which it was installed from, is gone`, {
      reason: 'TARBALL_GONE',
      hint: `Put the tarball back, or install ${name} from another place.`,
    }),
}
