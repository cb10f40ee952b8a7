import { outdated, type PluginStanding, type SeenCommit } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { exitCodeOf, exitCodes } from '../../exit-code.js'
import { fetchingFrom, fetchingOptions } from '../../fetching.js'
import { renderError } from '../../render/error.js'
import { plain } from '../../render/plain.js'
import { renderRevision } from '../../render/revision.js'
import { renderTable } from '../../render/table.js'
import type { Terminal } from '../../terminal.js'

export const command: Command = {
  name: 'plugin outdated',
  summary: 'Asks the repositories that micro.lock names, each once, what has moved and which versions are higher. Changes nothing.',
  examples: ['micro plugin outdated', 'micro plugin outdated --json'],
  arguments: [{ name: '[reference...]', description: 'of what micro.lock names; all of it when none is given' }],
  options: fetchingOptions.filter(({ flags }) => flags.startsWith('--trust') || flags === '--allow-local'),
  async run({ arguments: [words], options }, terminal) {
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...fetchingFrom(options, terminal) }
    const standings = await outdated(words as readonly string[], where)
    show(standings, terminal)
    const failed = standings.find(({ error }) => error !== undefined)?.error
    return failed === undefined ? exitCodes.ok : exitCodeOf(failed)
  },
}

function show(standings: readonly PluginStanding[], terminal: Terminal): void {
  if (terminal.wantsJson) {
    for (const { error, ...standing } of standings)
      terminal.json(
        error === undefined ? standing : { ...standing, error: { code: error.code, reason: error.reason, message: error.message } },
      )
    return
  }
  const old = standings.filter(({ isOutdated }) => isOutdated)
  const named = (seen: SeenCommit | undefined) => (seen === undefined ? '' : plain(renderRevision('', seen.commit, seen.ref)))
  const rows = old.map(({ key, revision, locked, wanted, latest }) => [
    `${key}${revision === '' ? '' : `:${plain(revision)}`}`,
    named(locked),
    wanted?.commit === locked.commit ? 'the same' : named(wanted),
    named(latest),
  ])
  if (rows.length > 0) terminal.out(renderTable(['plugin', 'locked', 'update takes', 'highest version'], rows))
  for (const { error } of standings) if (error !== undefined) terminal.err(renderError(error, terminal))
  if (standings.length === 0) terminal.err('micro.lock names no plugin.')
  else if (rows.length === 0 && standings.every(({ error }) => error === undefined)) terminal.out('Nothing is outdated.')
  else if (rows.length > 0) terminal.err('`micro plugin update` shows what is new, and takes it.')
}
