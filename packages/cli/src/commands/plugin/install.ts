import { install, type GitPlugin } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { fetchingFrom, fetchingOptions } from '../../fetching.js'
import { keepManifest } from './available.js'

export const command: Command = {
  name: 'plugin install',
  summary:
    'Puts all that micro.lock names in place: what is not on this machine is fetched by its commit, and must have the hash that the lock has.',
  examples: ['micro plugin install', 'micro plugin install --frozen --trust lock', 'micro plugin install --offline'],
  options: fetchingOptions,
  async run({ options }, terminal) {
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...fetchingFrom(options, terminal) }
    const { plugins } = await install(where)
    await keepManifest(where, terminal)
    if (!terminal.wantsJson) return terminal.out(said(plugins.length))
    for (const plugin of plugins as readonly GitPlugin[]) {
      const { from: _, catalog: __, ...data } = plugin
      terminal.json({ type: 'installed', ...data })
    }
  },
}

const said = (count: number) =>
  count === 0 ? 'micro.lock names no plugin.' : `${count} ${count === 1 ? 'plugin is' : 'plugins are'} in place, as micro.lock names them.`
