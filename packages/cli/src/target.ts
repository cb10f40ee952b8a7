import { MicroError } from '@microts/core/base'
import { findProject, runningProjects, type ProjectLocation, type RunRecord } from '@microts/runner'
import { cliErrors } from './errors.js'
import type { Terminal } from './terminal.js'

/** `--project`, for the commands that talk to a run. */
export const projectOption = {
  flags: '-p, --project <folder>',
  description: 'a folder of the project that is meant, when it is not this one',
}

/** The project that `folder` is in, or undefined when it is in none. */
export function projectAt(folder: string): ProjectLocation | undefined {
  try {
    return findProject(folder)
  } catch (error) {
    if (MicroError.is(error) && error.reason === 'PROJECT_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * The run that a command is about: of the project named by `--project` (a folder in it), else of the one that this folder belongs to, else the only one
 * that runs. Undefined: the project does not run, or nothing does.
 *
 * @throws `failed_precondition`/`PROJECT_AMBIGUOUS` when this folder belongs to no project and several run
 */
export async function targetRun(terminal: Terminal, named: unknown): Promise<RunRecord | undefined> {
  const project = projectAt(typeof named === 'string' ? named : terminal.folder)
  const runs = await runningProjects()
  if (project !== undefined) return runs.find((run) => run.projectId === project.id)
  if (runs.length > 1) throw cliErrors.severalProjects(runs.map((run) => run.folder))
  return runs[0]
}

/** As {@link targetRun}, for a command that makes no sense without one. @throws `failed_precondition`/`NOT_RUNNING` */
export async function requireRun(terminal: Terminal, named: unknown): Promise<RunRecord> {
  const run = await targetRun(terminal, named)
  if (run !== undefined) return run
  const project = projectAt(typeof named === 'string' ? named : terminal.folder)
  throw cliErrors.notRunning(project === undefined ? 'nothing runs' : `${project.folder} does not run`)
}
