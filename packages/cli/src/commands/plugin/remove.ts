import { remove, why } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { plain } from '../../render/plain.js'
import { keepManifest } from './available.js'

export const command: Command = {
  name: 'plugin remove',
  summary: 'Takes plugins out of micro.lock and plugins/. Their content stays on this machine until `micro plugin cache gc`.',
  examples: ['micro plugin remove github.com/alice/mailhog', 'micro plugin remove github.com/alice/mailhog:develop'],
  arguments: [{ name: '<reference...>', description: 'as `micro plugin list` shows it; with a revision only that one' }],
  options: [{ flags: '--frozen', description: 'refuse any change of micro.lock, as in CI' }],
  async run({ arguments: [words], options }, terminal) {
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...(options['frozen'] === true && { frozen: true }) }
    const removed = await remove(words as readonly string[], where)
    await keepManifest({ ...where, offline: true }, terminal)
    for (const { key, revision, commit, left } of removed) {
      const isAsked = (await why(key, where)).asking
      if (terminal.wantsJson) {
        terminal.json({ type: 'removed', key, revision, commit, left, asking: isAsked })
        continue
      }
      terminal.out(`${key}${revision === '' ? '' : `:${plain(revision)}`} is out of micro.lock.`)
      if (left !== undefined) terminal.err(terminal.style('yellow', `${left} stays: somebody edited it.`))
      for (const { place } of isAsked)
        terminal.err(
          terminal.style('yellow', `${place.file}:${place.line}:${place.column} still asks for it: the next run fetches it again.`),
        )
    }
  },
}
