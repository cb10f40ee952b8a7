import { build } from '@microts/runner'
import { relative } from 'node:path'
import { catalogOf } from '../catalog.js'
import type { Command } from '../command.js'
import { fetchingFrom, fetchingOptions } from '../fetching.js'
import { findInstallation } from '../installation.js'
import { pluginOptions, pluginsFrom } from '../plugin-options.js'
import { renderTable } from '../render/table.js'

export const command: Command = {
  name: 'build',
  summary: 'Bundles each service into one self-contained file, with its source map.',
  examples: ['micro build ./...', 'micro build ./services/orders --out dist', 'micro build --plugins=broker/nats ./...'],
  arguments: [{ name: '[patterns...]', description: './... for all; ./... when left out' }],
  idleWord: 'service',
  options: [
    { flags: '-o, --out <folder>', description: 'where the files go: <folder>/<service>/main.js (dist)' },
    ...pluginOptions,
    ...fetchingOptions,
  ],
  async run({ arguments: [patterns], options }, terminal) {
    const words = (patterns ?? []) as readonly string[]
    const out = options['out'] as string | undefined
    const built = await build({
      folder: terminal.folder,
      patterns: words.length === 0 ? ['./...'] : words,
      ...pluginsFrom(options),
      catalog: await catalogOf(findInstallation()),
      env: terminal.env,
      fetching: fetchingFrom(options, terminal),
      ...(out === undefined ? {} : { out }),
    })
    if (terminal.wantsJson) return built.forEach((one) => terminal.json(one))
    for (const { service, wroteList, listed } of built)
      if (wroteList) terminal.err(terminal.style('dim', `Wrote plugins.ts of ${service}: ${listed.join(', ') || 'no plugins'}`))
    const rows = built.map((one) => [one.service, relative(terminal.folder, one.file), `${Math.ceil(one.bytes / 1024)} KiB`])
    terminal.out(`${renderTable(['service', 'file', 'size'], rows)}\n\nRun one with: node --enable-source-maps ${rows[0]?.[1] ?? ''}`)
  },
}
