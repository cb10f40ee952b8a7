import { mergeLock } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { cliErrors } from '../../errors.js'
import { fetchingFrom, fetchingOptions } from '../../fetching.js'
import { plain } from '../../render/plain.js'

export const command: Command = {
  name: 'plugin lock',
  summary:
    'Resolves a merge conflict in micro.lock: all that either side names stays. Of a branch that both sides moved, the commit counts that grew from the other.',
  examples: ['micro plugin lock && git add micro.lock', 'micro plugin lock --theirs'],
  options: [
    { flags: '--ours', description: 'our commit where both sides moved a revision' },
    { flags: '--theirs', description: 'their commit where both sides moved a revision' },
    ...fetchingOptions,
  ],
  async run({ options }, terminal) {
    const [isOurs, isTheirs] = [options['ours'] === true, options['theirs'] === true]
    if (isOurs && isTheirs) throw cliErrors.usage('--ours and --theirs exclude each other', 'plugin lock')
    const prefer = isTheirs ? 'theirs' : 'ours'
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...fetchingFrom(options, terminal) }
    const { wasConflict, plugins, decided } = await mergeLock({ ...where, ...((isOurs || isTheirs) && { prefer }) })
    if (terminal.wantsJson) return terminal.json({ type: 'lock', wasConflict, plugins, decided })
    if (!wasConflict) return terminal.out('micro.lock has no conflict.')
    for (const { key, revision, ours, commit } of decided)
      terminal.out(
        `${key}${revision === '' ? '' : `:${plain(revision)}`} is ${commit.slice(0, 12)}, as ${commit === ours ? 'our' : 'their'} side has it.`,
      )
    terminal.out(`micro.lock is whole again, and names ${plugins} ${plugins === 1 ? 'plugin' : 'plugins'}. Type: git add micro.lock`)
  },
}
