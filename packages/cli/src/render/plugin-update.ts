import type { Difference, PluginUpdate } from '@microts/source'
import type { Terminal } from '../terminal.js'
import { plain } from './plain.js'
import { renderRevision } from './revision.js'
import { renderAge } from './trust-question.js'

const mostShown = 12

/** What a person has to know before a plugin is updated. All that its author wrote is spelt out. */
export function renderUpdate(update: PluginUpdate, terminal: Terminal): string {
  const { key, revision, from, to, ageMs, log, isCompared } = update
  const warn = (text: string) => terminal.style('yellow', text)
  const rows: (readonly [string, string])[] = [
    ['from', plain(renderRevision(revision, from.commit, from.ref))],
    [
      'to',
      `${plain(renderRevision(to.ref === from.ref ? revision : '', to.commit, to.ref))}${ageMs === undefined ? '' : `, made ${renderAge(ageMs)}`}`,
    ],
    ['history', historyOf(update, warn)],
    ...shortened(log.map(({ commit, author, subject }) => `${commit.slice(0, 12)}  ${plain(author)}: ${plain(subject)}`)),
    ['files', isCompared ? countsOf(update) : warn('what is here now could not be had to compare with')],
    ...shortened(changesOf(update)),
    ...differenceRows('uses', update.capabilities, warn),
    ...differenceRows('made of', update.dependencies, warn),
    ...differenceRows('has', update.provides, warn),
    ...(from.api === to.api ? [] : [['api', `${plain(from.api ?? 'none said')} -> ${plain(to.api ?? 'none said')}`] as const]),
  ]
  return [terminal.style('bold', key), ...rows.map(([name, value]) => `  ${terminal.style('dim', name.padEnd(8))}  ${value}`)].join('\n')
}

function historyOf({ relation, log }: PluginUpdate, warn: (text: string) => string): string {
  switch (relation) {
    case 'ahead':
      return log.length === 1 ? '1 commit more' : `${log.length === 50 ? '50 commits or' : `${log.length} commits`} more`
    case 'behind':
      return warn('goes back: it is older than what is locked')
    case 'diverged':
      return warn('was written anew: what is locked is no part of it')
    case 'unknown':
      return warn('its server does not say')
  }
}

const countsOf = ({ files: { added, changed, removed } }: PluginUpdate) =>
  `${added.length} added, ${changed.length} changed, ${removed.length} removed`

function changesOf({ files: { added, changed, removed }, isCompared }: PluginUpdate): string[] {
  if (!isCompared) return []
  const marked = (mark: string, paths: readonly string[]) => paths.map((path) => `${mark} ${plain(path)}`)
  return [...marked('+', added), ...marked('~', changed), ...marked('-', removed)]
}

function shortened(lines: readonly string[]): (readonly [string, string])[] {
  const rest = lines.length - mostShown
  const shown = rest > 0 ? [...lines.slice(0, mostShown), `and ${rest} more`] : lines
  return shown.map((line) => ['', line] as const)
}

function differenceRows(name: string, { added, removed }: Difference, warn: (text: string) => string): (readonly [string, string])[] {
  const one = (mark: string, words: readonly string[]) => words.map((word) => `${mark} ${plain(word)}`).join(', ')
  return [
    ...(added.length > 0 ? [[name, warn(one('+', added))] as const] : []),
    ...(removed.length > 0 ? [[name, one('-', removed)] as const] : []),
  ]
}
