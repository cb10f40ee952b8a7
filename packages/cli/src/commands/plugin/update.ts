import { update, type PluginUpdate } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { fetchingFrom, fetchingOptions } from '../../fetching.js'
import { renderUpdate } from '../../render/plugin-update.js'
import type { Terminal } from '../../terminal.js'
import { keepManifest } from './available.js'

export const command: Command = {
  name: 'plugin update',
  summary:
    'Moves micro.lock to what branches and ranges mean now. What is new is shown first: commits, files, what it wants to use and what it is made of. On a terminal you are asked then.',
  examples: ['micro plugin update', 'micro plugin update github.com/alice/mailhog', 'micro plugin update --dry-run'],
  arguments: [{ name: '[reference...]', description: 'of what micro.lock names; all of it when none is given' }],
  options: [
    { flags: '-n, --dry-run', description: 'show it, and change nothing' },
    { flags: '-y, --yes', description: 'take it without being asked; it trusts nobody' },
    { flags: '--allow-unreachable', description: 'take what a server does not show the history of' },
    ...fetchingOptions,
  ],
  async run({ arguments: [words], options }, terminal) {
    const references = words as readonly string[]
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...fetchingFrom(options, terminal) }
    const isAsked = terminal.isInteractive && options['yes'] !== true
    const confirm = async (updates: readonly PluginUpdate[]): Promise<boolean> => {
      for (const one of updates) {
        if (terminal.wantsJson) terminal.json({ type: 'update', ...one })
        else terminal.out(`${renderUpdate(one, terminal)}\n`)
      }
      if (options['dryRun'] === true) return false
      return !isAsked || isYes(await terminal.ask(`Take ${updates.length === 1 ? 'it' : `all ${updates.length}`}? [y] yes  [N] no: `))
    }
    const allowUnreachable = options['allowUnreachable'] === true
    const { updates, asked, isDone } = await update(references, { ...where, allowUnreachable, confirm })
    if (isDone) await keepManifest(where, terminal)
    if (terminal.wantsJson) terminal.json({ type: 'updated', asked, updates: updates.length, isDone })
    else terminal.out(said(asked, updates.length, isDone, terminal))
  },
}

const isYes = (answer: string) => ['y', 'yes'].includes(answer.trim().toLowerCase())

function said(asked: number, count: number, isDone: boolean, terminal: Terminal): string {
  if (asked === 0) return 'micro.lock names no plugin.'
  if (count === 0) return `${asked === 1 ? 'The plugin is' : `All ${asked} plugins are`} what micro.lock names already.`
  const these = count === 1 ? '1 plugin' : `${count} plugins`
  return isDone ? terminal.style('green', `${these} updated.`) : `Nothing was changed; ${these} could be updated.`
}
