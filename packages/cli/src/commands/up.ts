import { driverNames, findProject, readProject, up, type DriverName } from '@microts/runner'
import { resolve } from 'node:path'
import type { Command } from '../command.js'
import { detach } from '../detach.js'
import { fetchingFrom, fetchingOfRun, fetchingOptions, fetchingWords } from '../fetching.js'
import { follow } from '../follow.js'
import { findInstallation } from '../installation.js'
import { catalogOf } from '../catalog.js'

export const command: Command = {
  name: 'up',
  summary: 'Runs every service of a project, ours and those beside them, waits until all are ready, and shows what they write.',
  examples: ['micro up', 'micro up examples/shop', 'micro up --detach && micro logs -f'],
  arguments: [{ name: '[folder]', description: 'a folder of the project; this one when it is left out' }],
  options: [
    { flags: '-d, --detach', description: 'leave it running in the background once all are ready' },
    { flags: '--prefer <driver>', description: 'the driver to try first', choices: driverNames },
    ...fetchingOptions,
  ],
  async run({ arguments: [folder], options }, terminal) {
    const from = resolve(terminal.folder, String(folder ?? '.'))
    const prefer = options['prefer'] as DriverName | undefined
    const installation = findInstallation()
    const catalog = await catalogOf(installation)
    const { env } = terminal
    if (options['detach'] === true) {
      // In the background nobody can be asked: what has to be asked is asked here, and kept.
      if (terminal.isInteractive) await readProject(findProject(from, env), catalog, { env, fetching: fetchingFrom(options, terminal) })
      return detach(['up', from, ...(prefer === undefined ? [] : ['--prefer', prefer]), ...fetchingWords(options)], terminal)
    }
    const fetching = fetchingOfRun(options, terminal)
    const run = up({ folder: from, tools: installation.tools, catalog, env, fetching, ...(prefer === undefined ? {} : { prefer }) })
    return follow(run, terminal)
  },
}
