import { MicroError } from '@microts/core/base'

/** What can stand in the way of a link in `plugins/`. */
export const linkErrors = {
  blocked: (path: string, found: string) =>
    new MicroError('failed_precondition', `Cannot link ${path}: there is ${found}, which is not micro's`, {
      reason: 'LINK_BLOCKED',
      hint: 'Move it somewhere else, and type `micro plugin install`.',
      details: { path, found },
    }),
}
