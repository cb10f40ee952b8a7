import type { TrustQuestion } from '@microts/source'
import type { Terminal } from '../terminal.js'
import { plain } from './plain.js'

const dayMs = 24 * 60 * 60 * 1000

/** What a person has to know before a stranger's plugins are used: one paragraph each. */
export function renderTrustQuestions(questions: readonly TrustQuestion[], terminal: Terminal): string {
  const head =
    questions.length === 1
      ? 'This plugin is from a source that you do not trust yet:'
      : 'These plugins are from sources that you do not trust yet:'
  return [head, ...questions.flatMap((question) => ['', ...questionLines(question, terminal)]), ''].join('\n')
}

function questionLines(
  { source, revision, commit, ageMs, capabilities, types, implementations, resembles }: TrustQuestion,
  terminal: Terminal,
): string[] {
  const has = [...types.map((type) => `type ${plain(type)}`), ...implementations.map(plain)]
  const age = ageMs === undefined ? '' : `, made ${renderAge(ageMs)}`
  const rows: (readonly [string, string])[] = [
    ['revision', `${revision === '' ? 'none written' : plain(revision)} -> ${commit ?? 'not fetched'}${age}`],
    ['has', has.length === 0 ? 'nothing of its own' : has.join(', ')],
    ['uses', capabilities.length === 0 ? 'nothing that it says' : capabilities.join(', ')],
  ]
  return [
    `  ${terminal.style('bold', source)}`,
    ...(resembles === undefined
      ? []
      : [terminal.style('yellow', `  ! This is not ${resembles}, which you trust: its name only looks like it. Is it who you mean?`)]),
    ...rows.map(([name, value]) => `    ${terminal.style('dim', name.padEnd(8))}  ${value}`),
  ]
}

/** `3 days ago`; days, months of 30 and years of 365 days are near enough. */
export function renderAge(ageMs: number): string {
  const days = Math.floor(ageMs / dayMs)
  if (days < 0) return 'in the future, as its author says'
  if (days === 0) return 'today'
  if (days < 60) return days === 1 ? 'yesterday' : `${days} days ago`
  return days < 2 * 365 ? `${Math.floor(days / 30)} months ago` : `${Math.floor(days / 365)} years ago`
}
