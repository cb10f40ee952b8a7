import { type Code, MicroError, type Place } from '@microts/core/base'

const codes: readonly string[] = [
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
]

/** The failures of starting, watching and ending processes. */
export const processErrors = {
  /** The system refused to start a process. */
  spawnFailed: (service: string, command: string, cause: NodeJS.ErrnoException | undefined) => {
    const code = cause?.code
    if (code === 'ENOENT' || code === 'EACCES')
      return new MicroError(
        'failed_precondition',
        `Cannot start ${service}: ${command} ${code === 'ENOENT' ? 'is not there' : 'may not be run'} (${code})`,
        {
          reason: 'COMMAND_NOT_FOUND',
          hint: `Install ${command}, or choose another driver.`,
          cause,
        },
      )
    if (code === 'EMFILE' || code === 'ENFILE')
      return new MicroError('resource_exhausted', `Cannot start ${service}: too many files are open (${code})`, {
        reason: 'PROCESS_LIMIT',
        hint: 'Raise the limit: ulimit -n 4096',
        cause,
      })
    if (code === 'EAGAIN' || code === 'ENOMEM')
      return new MicroError(
        'resource_exhausted',
        `Cannot start ${service}: ${code === 'EAGAIN' ? 'too many processes run' : 'no memory is left'} (${code})`,
        {
          reason: 'PROCESS_LIMIT',
          hint: code === 'EAGAIN' ? 'End some, or raise the limit: ulimit -u' : 'End some processes.',
          cause,
        },
      )
    return new MicroError('internal', `Cannot start ${service}: ${cause?.message ?? `${command} was not started`}`, {
      reason: 'SPAWN_FAILED',
      cause,
    })
  },

  /** `tail`: its last lines. `how`: `exit code 1`, `signal SIGKILL`. */
  exitedEarly: (service: string, how: string, tail: readonly string[], attempts: number) =>
    new MicroError(
      'unavailable',
      `Cannot start "${service}": it ended with ${how} before it was ready${attempts > 1 ? `, ${attempts} times` : ''}`,
      {
        reason: 'EXITED_EARLY',
        hint: `Type: micro logs ${service}`,
        details: { tail },
      },
    ),

  /** What a service said on its channel of why it cannot start, as the error that it was. */
  saidFailed: (service: string, said: SaidError) =>
    new MicroError(
      codes.includes(said.code ?? '') ? (said.code as Code) : 'unknown',
      said.message ?? `Cannot start "${service}": it does not say why`,
      {
        reason: said.reason ?? 'SERVICE_FAILED',
        ...(said.hint !== undefined && { hint: said.hint }),
        ...(said.place !== undefined && { place: said.place }),
        details: { service },
      },
    ),

  stopped: () =>
    new MicroError('canceled', 'Gave up waiting for the services: they were stopped before all were ready', { reason: 'STOPPED' }),
}

/** The `error` of a `failed` message. */
export interface SaidError {
  readonly code?: string
  readonly reason?: string
  readonly message?: string
  readonly hint?: string
  readonly place?: Place
}
