import { down } from '@microts/runner'
import type { Command } from '../command.js'
import { projectOption, requireRun } from '../target.js'

export const command: Command = {
  name: 'down',
  summary: 'Stops a project that runs, and resolves when nothing of it is left.',
  examples: ['micro down', 'micro down --project ~/shop'],
  options: [projectOption],
  async run({ options }, terminal) {
    const run = await requireRun(terminal, options['project'])
    await down(run.projectId)
    if (terminal.wantsJson) terminal.json({ type: 'stopped', project: run.project, folder: run.folder })
    else terminal.err(`${run.project} has stopped`)
  },
}
