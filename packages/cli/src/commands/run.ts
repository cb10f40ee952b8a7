import { run } from '@microts/runner'
import { catalogOf } from '../catalog.js'
import type { Command } from '../command.js'
import { follow } from '../follow.js'
import { findInstallation } from '../installation.js'

export const command: Command = {
  name: 'run',
  summary: 'Runs our own services: those that the patterns find, with what micro.yml says of them.',
  examples: ['micro run ./...', 'micro run ./services/orders'],
  arguments: [{ name: '[patterns...]', description: './... for all, ./services/orders for one; ./... when left out' }],
  async run({ arguments: [patterns] }, terminal) {
    const installation = findInstallation()
    const words = (patterns ?? []) as readonly string[]
    const started = run({
      folder: terminal.folder,
      patterns: words.length === 0 ? ['./...'] : words,
      tools: installation.tools,
      catalog: await catalogOf(installation),
      env: terminal.env,
    })
    return follow(started, terminal)
  },
}
