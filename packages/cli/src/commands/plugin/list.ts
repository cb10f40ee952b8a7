import { formatAvailable, list, type AvailablePlugin, type ListedPlugin } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { cliErrors } from '../../errors.js'
import { fetchingFrom, fetchingOptions } from '../../fetching.js'
import { plain } from '../../render/plain.js'
import { renderTable } from '../../render/table.js'
import type { Terminal } from '../../terminal.js'
import { availableHere, writeManifest } from './available.js'

export const command: Command = {
  name: 'plugin list',
  summary:
    'Lists the plugins that micro.lock names; with --available all that could be used: what comes with micro, what is installed, and what your indexes name.',
  examples: ['micro plugin list', 'micro plugin list --available', 'micro plugin list --available --yaml > manifest.yml'],
  options: [
    { flags: '-a, --available', description: 'all that could be used; the repositories under `indexes` in your config.yml are asked' },
    { flags: '--yaml', description: 'with --available: as one manifest, in the form of micro.plugin.yml' },
    ...fetchingOptions.filter(({ flags }) => ['--offline', '--allow-local'].includes(flags)),
  ],
  async run({ options }, terminal) {
    const isAvailable = options['available'] === true
    if (options['yaml'] === true && !isAvailable) throw cliErrors.usage('--yaml goes with --available', 'plugin list')
    const where = { project: findProject(terminal.folder).folder, env: terminal.env }
    if (!isAvailable) return showLocked(await list(where), terminal)
    const plugins = await availableHere({ ...where, ...fetchingFrom(options, terminal) })
    await writeManifest(where.project, plugins)
    if (options['yaml'] === true) terminal.out(formatAvailable(plugins).trimEnd())
    else showAvailable(plugins, terminal)
  },
}

function showLocked(plugins: readonly ListedPlugin[], terminal: Terminal): void {
  if (terminal.wantsJson) return plugins.forEach((plugin) => terminal.json(plugin))
  if (plugins.length === 0) return terminal.err('micro.lock names no plugin. `micro plugin add <reference>` adds one.')
  const rows = plugins.map((plugin) => [
    plugin.key,
    plugin.revisions.map((revision) => plain(revision || `(${shortRef(plugin.ref)})`)).join(', '),
    plugin.commit.slice(0, 12),
    [...plugin.types, ...plugin.implementations].map(plain).join(', '),
    presenceOf(plugin, terminal),
  ])
  terminal.out(renderTable(['plugin', 'revision', 'commit', 'has', 'present'], rows))
  if (plugins.some(({ isPresent }) => !isPresent)) terminal.err('`micro plugin install` fetches what is not present.')
}

function presenceOf({ isPresent, linkedTo, isVendored }: ListedPlugin, terminal: Terminal): string {
  if (linkedTo !== undefined) return terminal.style('yellow', `linked to ${linkedTo}`)
  if (isVendored) return isPresent ? 'vendored' : terminal.style('yellow', 'vendored, not installed')
  return isPresent ? 'yes' : terminal.style('yellow', 'no')
}

// What no revision led to.
const shortRef = (ref: string | undefined) => ref?.replace(/^refs\/(?:heads|tags)\//, '') ?? 'none'

function showAvailable(plugins: readonly AvailablePlugin[], terminal: Terminal): void {
  if (terminal.wantsJson) return plugins.forEach((plugin) => terminal.json(plugin))
  const rows = plugins.map(({ uri, name, description, from, source }) => [
    uri,
    name,
    from === 'index' ? `index ${source}` : from,
    description,
  ])
  terminal.out(renderTable(['plugin', 'name', 'from', 'description'], rows))
}
