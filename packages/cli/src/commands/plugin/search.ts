import { search } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { exitCodes } from '../../exit-code.js'
import { fetchingFrom, fetchingOptions } from '../../fetching.js'
import { plain } from '../../render/plain.js'
import { renderTable } from '../../render/table.js'
import { coreManifests } from './available.js'

const standardLimit = 20

export const command: Command = {
  name: 'plugin search',
  summary:
    'Looks for plugins in what comes with micro, what is installed, and the index repositories under `indexes` in your config.yml. An index is asked once; --refresh asks again. Exit code 1 when nothing is found.',
  examples: ['micro plugin search kafka', 'micro plugin search mail smtp --refresh', 'micro plugin search --json kafka'],
  arguments: [{ name: '[word...]', description: 'each must be in the name, the address or the description' }],
  options: [
    { flags: '--refresh', description: 'ask the indexes anew' },
    { flags: '--all', description: `show more than ${standardLimit}` },
    ...fetchingOptions.filter(({ flags }) => ['--offline', '--allow-local'].includes(flags)),
  ],
  async run({ arguments: [words], options }, terminal) {
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...fetchingFrom(options, terminal) }
    const text = (words as readonly string[]).join(' ')
    const { plugins, searched, nearest } = await search(text, { ...where, core: coreManifests(), refresh: options['refresh'] === true })
    const shown = options['all'] === true ? plugins : plugins.slice(0, standardLimit)
    if (terminal.wantsJson) shown.forEach((plugin) => terminal.json(plugin))
    else if (shown.length > 0) {
      const rows = shown.map(({ uri, name, description, from, source }) => [
        uri,
        name,
        from === 'index' ? `index ${source}` : from,
        description,
      ])
      terminal.out(
        renderTable(
          ['plugin', 'name', 'from', 'description'],
          rows.map((row) => row.map(plain)),
        ),
      )
      if (shown.length < plugins.length) terminal.err(`${plugins.length - shown.length} more: --all shows them.`)
    } else {
      const near = nearest.length === 0 ? '' : ` Did you mean ${nearest.map(plain).join(' or ')}?`
      terminal.err(`None of ${searched} plugins fits "${plain(text)}".${near}`)
    }
    return plugins.length > 0 ? exitCodes.ok : exitCodes.failure
  },
}
