import { verify, type Problem } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { exitCodes } from '../../exit-code.js'
import { renderError } from '../../render/error.js'
import type { Terminal } from '../../terminal.js'

export const command: Command = {
  name: 'plugin verify',
  summary:
    'Reads every byte of the plugins that micro.lock names and compares it with the hashes there; looks at the links under plugins/. Changes nothing, needs no network.',
  examples: ['micro plugin verify', 'micro plugin verify --json'],
  async run(_invocation, terminal) {
    const { checked, problems } = await verify({ project: findProject(terminal.folder).folder, env: terminal.env })
    for (const problem of problems) showProblem(problem, terminal)
    if (terminal.wantsJson) terminal.json({ type: 'verified', checked, problems: problems.length })
    else if (problems.length === 0) terminal.out(said(checked))
    return problems.length === 0 ? exitCodes.ok : exitCodes.integrity
  },
}

const said = (count: number) =>
  count === 0
    ? 'micro.lock names no plugin.'
    : `${count} ${count === 1 ? 'plugin is' : 'plugins are'} what micro.lock names, to the last byte.`

function showProblem({ key, error }: Problem, terminal: Terminal): void {
  const { code, reason, message, hint, details } = error
  if (terminal.wantsJson) terminal.json({ type: 'problem', key, code, reason, message, hint, details })
  else terminal.err(renderError(error, terminal))
}
