import { resolve } from 'node:path'
import { linkFolder, unlinkFolder } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { cliErrors } from '../../errors.js'

export const command: Command = {
  name: 'plugin link',
  summary:
    "Puts a folder of your own in a plugin's place, in this checkout only: micro.lock stays as it is. `micro plugin list` shows it; a frozen lock, as in CI, refuses it.",
  examples: ['micro plugin link github.com/alice/mailhog ../mailhog', 'micro plugin link --remove github.com/alice/mailhog'],
  arguments: [
    { name: '<reference>', description: 'the plugin; of a repository all of its folders' },
    { name: '[path]', description: 'the folder, with the manifest of that plugin' },
  ],
  options: [
    { flags: '--remove', description: 'take what micro.lock names again' },
    { flags: '--frozen', description: 'refuse it, as in CI' },
  ],
  async run({ arguments: [reference, path], options }, terminal) {
    const isRemoved = options['remove'] === true
    if (isRemoved === (path !== undefined))
      throw cliErrors.usage(isRemoved ? '--remove takes no path' : 'A path is missing: the folder that stands in its place', 'plugin link')
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...(options['frozen'] === true && { frozen: true }) }
    const linked = isRemoved
      ? await unlinkFolder(reference as string, where)
      : await linkFolder(reference as string, resolve(terminal.folder, path as string), where)
    if (terminal.wantsJson) terminal.json({ type: isRemoved ? 'unlinked' : 'linked', ...linked })
    else if (isRemoved) terminal.out(`${linked.key} is what micro.lock names again.`)
    else terminal.out(`${linked.key} is ${linked.path} in this checkout. \`micro plugin link --remove ${linked.key}\` undoes it.`)
  },
}
