import { relative } from 'node:path'
import { add, parseReference, providedBy, type GitPlugin, type Resolved } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { cliErrors } from '../../errors.js'
import { fetchingFrom, fetchingOptions } from '../../fetching.js'
import { plain } from '../../render/plain.js'
import { renderRevision } from '../../render/revision.js'
import type { Terminal } from '../../terminal.js'
import { keepManifest } from './available.js'

export const command: Command = {
  name: 'plugin add',
  summary:
    'Fetches plugins from git, asks whether their source is trusted, and writes micro.lock and the links under plugins/. A branch or a range that is locked moves on; a tag must not.',
  examples: [
    'micro plugin add github.com/alice/mailhog:develop',
    "micro plugin add 'github.com/alice/plugins//broker/kafka:^1.2' gitlab.com/group/sub/repo",
    'micro plugin add github.com/alice/mailhog --trust github.com/alice',
  ],
  arguments: [
    { name: '<reference...>', description: '<host>/<owner>/<repository>, //folder for one of several in it, :branch, :tag or :range' },
  ],
  options: fetchingOptions,
  async run({ arguments: [words], options }, terminal) {
    const references = words as readonly string[]
    for (const reference of references) refuseOthers(reference)
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...fetchingFrom(options, terminal) }
    const resolved = await add(references, where)
    await keepManifest(where, terminal)
    for (const plugin of resolved.plugins as readonly GitPlugin[]) {
      const why = whyOf(plugin, resolved)
      const has = providedBy(plugin.catalog)
      const { from: _, catalog: __, ...data } = plugin
      if (terminal.wantsJson) terminal.json({ type: 'added', ...data, why, ...has })
      else terminal.out(addedLines(plugin, why, [...has.types, ...has.implementations].map(plain), terminal).join('\n'))
    }
  },
}

/** @throws of the reference, and `invalid_argument`/`USAGE` for one that is not fetched */
function refuseOthers(text: string): void {
  const reference = parseReference(text)
  switch (reference.from) {
    case 'git':
      return
    case 'own':
      throw cliErrors.notFromGit(text, `It is one of Micro's own: name it where it is used, as in \`micro run --plugins=${text} ./...\`.`)
    case 'core':
      throw cliErrors.notFromGit(text, 'It comes with micro, and is what "plugin" means when it is left out.')
    case 'path':
      throw cliErrors.notFromGit(text, `A folder is used as it is: write \`plugin: ${text}\` in micro.yml, or \`--plugins=${text}\`.`)
    case 'npm':
      throw cliErrors.notFromGit(
        text,
        `Type \`npm install ${reference.name}\`, then write \`plugin: ${text}\` in micro.yml, or \`--plugins=${text}\`.`,
      )
  }
}

function whyOf({ key, revision }: GitPlugin, { events }: Resolved): string | undefined {
  const chosen = events.find((event) => event.is === 'chosen' && event.key === key && event.revision === revision)
  return chosen?.is === 'chosen' ? chosen.why : undefined
}

function addedLines(plugin: GitPlugin, why: string | undefined, has: readonly string[], terminal: Terminal): string[] {
  const { key, reference, revision, commit, ref, h1, link, catalog } = plugin
  const others = catalog.pointers.length
  const rows = [
    ['revision', `${renderRevision(revision, commit, ref)}${why === undefined ? '' : ` (${why})`}`],
    ['commit', commit],
    ['h1', h1.slice(0, 12)],
    ['has', [...has, ...(others === 0 ? [] : [`${others} that ${others === 1 ? 'lives' : 'live'} elsewhere`])].join(', ') || 'nothing'],
    ['link', relative(terminal.folder, link)],
    ...(has.length === 0 ? [] : [['use', `plugin: ${JSON.stringify(reference)}`]]),
  ]
  return [terminal.style('bold', key), ...rows.map(([name = '', value = '']) => `  ${terminal.style('dim', name.padEnd(8))}  ${value}`)]
}
