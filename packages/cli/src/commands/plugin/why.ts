import { why } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { exitCodes } from '../../exit-code.js'
import { plain } from '../../render/plain.js'
import { renderTable } from '../../render/table.js'

export const command: Command = {
  name: 'plugin why',
  summary:
    'Names the lines that ask for a plugin: of micro.yml, of the plugins.ts of services, of the manifests of other plugins. Exit code 1 when none does.',
  examples: ['micro plugin why github.com/alice/mailhog', 'micro plugin why broker/nats'],
  arguments: [{ name: '<reference>', description: 'a plugin; its revision does not count' }],
  async run({ arguments: [word] }, terminal) {
    const { key, locked, asking } = await why(word as string, { project: findProject(terminal.folder).folder, env: terminal.env })
    if (terminal.wantsJson) for (const one of asking) terminal.json({ type: 'asking', key, ...one })
    else if (asking.length > 0) {
      const rows = asking.map(({ place, by, reference }) => [`${place.file}:${place.line}:${place.column}`, plain(by), plain(reference)])
      terminal.out(renderTable(['where', 'what', 'asks for'], rows))
    } else if (locked.length > 0)
      terminal.err(`Nothing here asks for ${key}. micro.lock names it: \`micro plugin remove ${key}\` takes it out.`)
    else terminal.err(`Nothing here asks for ${key}.`)
    return asking.length > 0 ? exitCodes.ok : exitCodes.failure
  },
}
