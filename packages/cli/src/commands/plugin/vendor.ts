import { relative } from 'node:path'
import { unvendor, vendor } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { fetchingFrom, fetchingOptions } from '../../fetching.js'

export const command: Command = {
  name: 'plugin vendor',
  summary:
    'Makes real files of the links under plugins/, to be committed: a clone needs no network then. They are compared with micro.lock like everything else.',
  examples: ['micro plugin vendor', 'micro plugin vendor github.com/alice/mailhog', 'micro plugin vendor --remove'],
  arguments: [{ name: '[reference...]', description: 'of what micro.lock names; all of it when none is given' }],
  options: [{ flags: '--remove', description: 'put links there again' }, ...fetchingOptions],
  async run({ arguments: [words], options }, terminal) {
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...fetchingFrom(options, terminal) }
    const isUndone = options['remove'] === true
    const plugins = await (isUndone ? unvendor : vendor)(words as readonly string[], where)
    if (terminal.wantsJson) return plugins.forEach((plugin) => terminal.json({ type: isUndone ? 'unvendored' : 'vendored', ...plugin }))
    const folders = plugins.map(({ folder }) => relative(terminal.folder, folder))
    if (plugins.length === 0) return terminal.out(isUndone ? 'Nothing is vendored.' : 'micro.lock names no plugin.')
    for (const folder of folders) terminal.out(`${folder} ${isUndone ? 'is a link again' : 'has real files'}.`)
    if (!isUndone) terminal.err(`They are ignored by git unless you say otherwise: git add --force ${folders.join(' ')}`)
  },
}
