import { MicroError } from '@microts/core/base'

/** The failures around the record of a run. */
export const stateErrors = {
  unsafeFolder: (folder: string) =>
    new MicroError('permission_denied', `Cannot keep the state of runs in ${folder}: somebody else owns it or may write to it`, {
      reason: 'UNSAFE_FOLDER',
      hint: `Type: rm -r ${folder}, or set XDG_RUNTIME_DIR to a folder of your own.`,
    }),

  alreadyRunning: (project: string, pid: number) =>
    new MicroError('failed_precondition', `Cannot start ${project}: it is running already, under process ${pid}`, {
      reason: 'ALREADY_RUNNING',
      hint: 'Type: micro ps to see it, micro logs -f to follow it, or micro down to stop it.',
      details: { pid },
    }),

  notRunning: (projectId: string) =>
    new MicroError('failed_precondition', 'Cannot find a run of this project: none is recorded', {
      reason: 'NOT_RUNNING',
      hint: 'Type: micro up',
      details: { projectId },
    }),

  notStopped: (project: string, pid: number, timeoutMs: number) =>
    new MicroError('deadline_exceeded', `Gave up waiting for ${project} to stop: process ${pid} still runs after ${timeoutMs} ms`, {
      reason: 'NOT_STOPPED',
      hint: `Type: kill -9 ${pid}; the watchdog ends the rest.`,
      details: { pid },
    }),
}
