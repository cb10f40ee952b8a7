import { run } from '@microts/runner'
import { catalogOf } from '../catalog.js'
import type { Command } from '../command.js'
import { fetchingOfRun, fetchingOptions } from '../fetching.js'
import { follow } from '../follow.js'
import { findInstallation } from '../installation.js'
import { interfaceOptions, pluginOptions, pluginsFrom, saidBy } from '../plugin-options.js'

export const command: Command = {
  name: 'run',
  summary: 'Runs our own services: those that the patterns find, with what micro.yml says of them.',
  examples: ['micro run ./...', 'micro run --plugins=broker/nats ./services/orders', 'micro run --plugins=none ./...'],
  arguments: [{ name: '[patterns...]', description: './services/orders for one, ./... (or none) for all' }],
  idleWord: 'service',
  options: [...pluginOptions, ...interfaceOptions, ...fetchingOptions],
  async run({ arguments: [patterns], options }, terminal) {
    const installation = findInstallation()
    const words = (patterns ?? []) as readonly string[]
    const started = run({
      folder: terminal.folder,
      patterns: words.length === 0 ? ['./...'] : words,
      ...pluginsFrom(options),
      said: saidBy(options),
      tools: installation.tools,
      catalog: await catalogOf(installation),
      env: terminal.env,
      fetching: fetchingOfRun(options, terminal),
    })
    return follow(started, terminal)
  },
}
