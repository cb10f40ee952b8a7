import { openRegistry } from '@microts/core'
import type { Command } from '../command.js'
import { projectOption, targetRun } from '../target.js'
import { clientOptionsOf } from '../run-environment.js'
import { renderTable } from '../render/table.js'

export const command: Command = {
  name: 'services',
  summary: 'Lists the services that the registry knows, with the nodes that run them.',
  examples: ['micro services', 'micro services --json'],
  options: [projectOption],
  async run({ options }, terminal) {
    const run = await targetRun(terminal, options['project'])
    const registry = await openRegistry(await clientOptionsOf(run, terminal))
    try {
      const names = await registry.list()
      const records = (await Promise.all(names.map((name) => registry.lookup(name)))).flat()
      if (terminal.wantsJson) return records.forEach((record) => terminal.json(record))
      const rows = records.flatMap((record) => record.nodes.map((node) => [record.name, record.version, node.address, node.id]))
      if (rows.length > 0) terminal.out(renderTable(['service', 'version', 'address', 'node'], rows))
      else terminal.err(['No service is known.', registry.explain()].filter(Boolean).join(' '))
    } finally {
      await registry.close()
    }
  },
}
