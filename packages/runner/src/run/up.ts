import type { FetchOptions } from '../plugins/fetch-options.js'
import { type Environment, findProject } from '../project/find.js'
import type { Project } from '../project/project.js'
import { readProject } from '../project/read.js'
import { selectServices } from '../project/select.js'
import { readRun } from '../state/run-file.js'
import { portChooser } from '../types/ports.js'
import type { RunHappening } from '../timeline/event.js'
import { missingNeeds, type Planned, type PlanOptions, planRun, planUp } from './plan.js'
import type { Run, RunOptions, UpOptions } from './run.js'
import { startRun } from './start.js'

/**
 * Runs a whole project: reads its file, settles drivers and ports, builds our services, and starts all in the order of their needs. It returns at once;
 * what happens comes as events.
 *
 * This process is the supervisor: the run ends with it. It installs no signal handlers.
 */
export function up(options: UpOptions): Run {
  const { env = process.env } = options
  return startRun('up', options, async (fetching) => {
    const project = await readProject(findProject(options.folder, env), options.catalog, { env, fetching })
    return {
      project,
      notices: passedOverNotice(project),
      plan: () => planUp(planOptions(project, options, env)),
    }
  })
}

/** Runs services of ours alone, with what the project's file says of them. What they need of other types is used if an `up` of the project runs it. */
export function run(options: RunOptions): Run {
  const { env = process.env, patterns = ['./...'] } = options
  return startRun('run', options, async (fetching) => {
    const { project, services } = await selectServices(options.folder, patterns, options.catalog, { env, fetching })
    const beside = readRun(project.id, env)
    return {
      project,
      notices: missingNeeds(services, project, beside).map(missingNotice),
      plan: () => planRun(services, beside, planOptions(project, options, env)),
    }
  })
}

/** Reads the project, fetching what it names as it is told here. */
export type Prepare = (fetching: FetchOptions) => Promise<Prepared>

/** What is to be run, once the project is read. */
export interface Prepared {
  readonly project: Project
  readonly notices: readonly RunHappening[]
  /** Called when the run's place is taken, so that ports are looked at after what a dead run has left is gone. */
  readonly plan: () => Promise<Planned[]>
}

const planOptions = (project: Project, { catalog, prefer, tools }: UpOptions, env: Environment): PlanOptions => ({
  project,
  catalog,
  ports: portChooser(project.folder),
  env,
  prefer,
  broker: tools.broker,
})

const missingNotice = (need: string): RunHappening => ({
  type: 'notice',
  reason: 'NEED_NOT_RUNNING',
  message: `"${need}" is needed and does not run: its address is not passed on`,
  hint: 'Type: micro up',
})

function passedOverNotice({ passedOver }: Project): RunHappening[] {
  if (passedOver.length === 0) return []
  return [{ type: 'notice', reason: 'KEYS_PASSED_OVER', message: `Keys of .lando.yml that mean nothing here: ${passedOver.join(', ')}` }]
}
