import { MicroError } from '@microts/core/base'

/** The failures of this program; those of the server itself are core's. */
export const natsProcessErrors = {
  /** An environment variable that cannot be read. */
  invalidSetting: (name: string, found: string, wanted: string) =>
    new MicroError('invalid_argument', `Cannot start the NATS server: ${name} is "${found}", wanted ${wanted}`, {
      reason: 'INVALID_SETTING',
      hint: `Set ${name} to ${wanted}, or leave it out.`,
      details: { name, found },
    }),
}
