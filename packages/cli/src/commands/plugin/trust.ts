import { addTrust, foldersOf } from '@microts/source'
import type { Command } from '../../command.js'

export const command: Command = {
  name: 'plugin trust',
  summary: 'Trusts sources of plugins from now on, in your own config.yml. No project can write that file.',
  examples: ['micro plugin trust github.com/alice/mailhog', 'micro plugin trust github.com/alice git.corp.example'],
  arguments: [{ name: '<source...>', description: 'a host, an owner, a repository, or a commit: github.com/alice/mailhog:<40 digits>' }],
  async run({ arguments: [words] }, terminal) {
    const sources = words as readonly string[]
    const folders = foldersOf(terminal.env)
    await addTrust(folders, sources)
    if (terminal.wantsJson) terminal.json({ type: 'trusted', sources, file: folders.configFile })
    else terminal.out(`${sources.join(', ')} ${sources.length === 1 ? 'is' : 'are'} trusted: ${folders.configFile} says so.`)
  },
}
