import { runningProjects } from '@microts/runner'
import type { Command } from '../command.js'
import { renderServices } from '../render/services.js'
import { projectOption, requireRun } from '../target.js'

export const command: Command = {
  name: 'ps',
  summary: 'Shows what runs of a project, and how it is.',
  examples: ['micro ps', 'micro ps --all', 'micro ps --json'],
  options: [projectOption, { flags: '-a, --all', description: 'every project of this user that runs' }],
  async run({ options }, terminal) {
    const runs = options['all'] === true ? await runningProjects() : [await requireRun(terminal, options['project'])]
    if (terminal.wantsJson)
      return runs.forEach((run) =>
        run.services.forEach((service) => terminal.json({ project: run.project, folder: run.folder, ...service })),
      )
    if (runs.length === 0) return terminal.err('Nothing runs.')
    for (const run of runs)
      terminal.out(
        `${terminal.style('bold', run.project)}  ${terminal.style('dim', run.folder)}\n${renderServices(run.services, terminal)}`,
      )
  },
}
