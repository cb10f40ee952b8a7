import type { FetchOptions } from '../plugins/fetch-options.js'
import { fetchedOf } from '../plugin-list/plugin-words.js'
import { settlePlugins, type SettledPlugins, type WrittenList } from '../plugin-list/settle-plugins.js'
import { type Environment, findProject, realFolder } from '../project/find.js'
import type { Project, ServiceDefinition } from '../project/project.js'
import { readProject } from '../project/read.js'
import { selectServices } from '../project/select.js'
import { readRun } from '../state/run-file.js'
import { portChooser } from '../types/ports.js'
import type { RunHappening } from '../timeline/event.js'
import { runnerFolder } from './build-services.js'
import { readyBeside } from './beside.js'
import { missingNeeds, type Planned, type PlanOptions, planRun, planUp } from './plan.js'
import type { Run, RunOptions, UpOptions } from './run.js'
import type { SaidChoices } from './said.js'
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
    const { project, services } = await selectServices(options.folder, patterns, options.catalog, {
      env,
      fetching,
      also: fetchedOf(options.plugins),
    })
    const beside = readyBeside(readRun(project.id, env))
    return {
      project,
      notices: [],
      async plan(tell) {
        const { written, said } = await settleLists(services, project, { ...options, env, fetching })
        for (const list of written) tell(listNotice(list))
        const all = new Map([...said, ...(options.said ?? [])])
        const told = services.map((service) => withoutSaid(service, all))
        const planning = { ...planOptions(project, options, env), said: all }
        for (const need of missingNeeds(told, beside, planning)) tell(missingNotice(need))
        return planRun(told, beside, planning)
      },
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
  readonly plan: (tell: (notice: RunHappening) => void) => Promise<Planned[]>
}

const planOptions = (project: Project, { catalog, prefer, tools }: UpOptions, env: Environment): PlanOptions => ({
  project,
  catalog,
  ports: portChooser(project.folder),
  env,
  prefer,
  broker: tools.broker,
})

/** Brings the services' lists of plugins to what `--plugins` says, or up to date. */
function settleLists(
  services: readonly ServiceDefinition[],
  { folder }: Project,
  { plugins, force, catalog, ...options }: RunOptions & { readonly env: Environment },
): Promise<SettledPlugins> {
  const { env, fetching } = options
  return settlePlugins({
    project: folder,
    services: services.map(({ name, folder: own = '' }) => ({ name, folder: own })),
    words: plugins,
    from: realFolder(options.folder),
    force,
    catalog,
    packageFolders: [runnerFolder],
    env,
    fetching,
  })
}

/** What the command line says counts before the environment that the file gives a service. */
function withoutSaid(service: ServiceDefinition, said: SaidChoices): ServiceDefinition {
  const names = [...said.keys()].map((kind) => `MICRO_${kind.toUpperCase()}`)
  return { ...service, env: Object.fromEntries(Object.entries(service.env).filter(([name]) => !names.includes(name))) }
}

const listNotice = ({ service, file, references }: WrittenList): RunHappening => ({
  type: 'notice',
  reason: 'PLUGINS_WRITTEN',
  service,
  message: `Wrote ${file}: ${references.length === 0 ? 'no plugins' : references.join(', ')}`,
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
