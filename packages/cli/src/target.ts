import { findProject, runningProjects, type RunRecord } from '@microts/runner'
import { cliErrors } from './errors.js'
import type { Terminal } from './terminal.js'

/**
 * The run that a command is about: of the project named by `--project` (a folder in it), else of the one that this folder belongs to, else the only one
 * that runs. Undefined: this folder's project does not run, or nothing does.
 *
 * @throws `failed_precondition`/`PROJECT_AMBIGUOUS` when this folder belongs to no project and several run
 */
export async function targetRun(terminal: Terminal, projectOption: unknown): Promise<RunRecord | undefined> {
  const from = typeof projectOption === 'string' ? projectOption : terminal.folder
  const project = await findProject(from)
  const runs = await runningProjects()
  if (project !== undefined) {
    const own = runs.find((run) => run.folder === project.folder)
    if (own !== undefined || typeof projectOption === 'string') return own
  }
  if (runs.length > 1 && project === undefined) throw cliErrors.severalProjects(runs.map((run) => run.folder))
  return project === undefined || runs.length === 1 ? runs[0] : undefined
}

/** As {@link targetRun}, for a command that makes no sense without one. @throws `failed_precondition`/`NOT_RUNNING` */
export async function requireRun(terminal: Terminal, projectOption: unknown): Promise<RunRecord> {
  const run = await targetRun(terminal, projectOption)
  if (run !== undefined) return run
  const project = await findProject(typeof projectOption === 'string' ? projectOption : terminal.folder)
  throw cliErrors.notRunning(project === undefined ? 'nothing runs' : `${project.folder} does not run`)
}

/** `--project`, for the commands that talk to a run. */
export const projectOption = { flags: '-p, --project <folder>', description: 'a folder of the project that is meant, when it is not this one' }
