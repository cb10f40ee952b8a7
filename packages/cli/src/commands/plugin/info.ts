import { relative } from 'node:path'
import { info, providedBy, type PluginInfo } from '@microts/source'
import { findProject } from '@microts/runner'
import type { Command } from '../../command.js'
import { fetchingFrom, fetchingOptions } from '../../fetching.js'
import { renderBytes } from '../../render/bytes.js'
import { plain } from '../../render/plain.js'
import { renderRevision } from '../../render/revision.js'
import type { Terminal } from '../../terminal.js'

export const command: Command = {
  name: 'plugin info',
  summary:
    'Shows what a plugin is. One that micro.lock names is read where it lies; of another only the manifest is fetched: nothing of it runs, is trusted or is kept.',
  examples: ['micro plugin info github.com/alice/mailhog', "micro plugin info 'github.com/alice/plugins//broker/kafka:^1.2' --json"],
  arguments: [
    { name: '<reference>', description: '<host>/<owner>/<repository>, //folder for one of several in it, :branch, :tag or :range' },
  ],
  options: fetchingOptions.filter(({ flags }) => ['--offline', '--allow-local'].includes(flags)),
  async run({ arguments: [word], options }, terminal) {
    const where = { project: findProject(terminal.folder).folder, env: terminal.env, ...fetchingFrom(options, terminal) }
    const found = await info(word as string, where)
    if (!terminal.wantsJson) return terminal.out(linesOf(found, terminal).join('\n'))
    const { catalog, ...data } = found
    const plugins = catalog.plugins.map(({ uri, name, description, api, capabilities }) => ({ uri, name, description, api, capabilities }))
    terminal.json({ type: 'info', ...data, ...providedBy(catalog), plugins, pointers: catalog.pointers.map(({ uri }) => uri) })
  },
}

function linesOf({ key, catalog, locked, dependencies = [], remote }: PluginInfo, terminal: Terminal): string[] {
  const has = providedBy(catalog)
  const capabilities = [...new Set(catalog.plugins.flatMap((plugin) => plugin.capabilities))]
  const apis = [...new Set(catalog.plugins.flatMap(({ api }) => api ?? []))]
  const rows: (readonly [string, readonly string[]])[] = [
    ['is', catalog.plugins.map(({ name, description }) => plain(`${name}: ${description}`))],
    ['has', [...has.types, ...has.implementations].map(plain)],
    ['names', catalog.pointers.map(({ uri }) => plain(uri))],
    ['uses', capabilities.map(plain)],
    ['made of', dependencies.map(plain)],
    ['api', apis.map(plain)],
    ...locked.flatMap((plugin): (readonly [string, readonly string[]])[] => [
      [
        'locked',
        [
          `${plain(renderRevision(plugin.revisions.join(', '), plugin.commit, plugin.ref))}, ${plugin.files} files, ${renderBytes(plugin.bytes)}`,
        ],
      ],
      ['h1', plugin.h1 === '' ? [] : [plugin.h1]],
      ['link', [`${relative(terminal.folder, plugin.link)}${plugin.isVendored ? ' (vendored)' : ''}`]],
      ['linked to', plugin.linkedTo === undefined ? [] : [plugin.linkedTo]],
    ]),
    ...(remote === undefined
      ? []
      : ([
          ['now', [`${plain(renderRevision('', remote.commit, remote.ref))} (${remote.why})`]],
          ['versions', remote.versions.slice(-10).map(plain)],
        ] as const)),
  ]
  const shown = rows.filter(([, values]) => values.length > 0)
  const isList = (name: string) => ['is', 'names'].includes(name)
  return [
    terminal.style('bold', key),
    ...shown.flatMap(([name, values]) =>
      (isList(name) ? values : [values.join(', ')]).map((value) => `  ${terminal.style('dim', name.padEnd(9))}  ${value}`),
    ),
    ...(locked.length === 0 ? ['', `It is not in micro.lock: \`micro plugin add ${key}\` adds it.`] : []),
  ]
}
