import { nearest } from '@microts/core/base'
import { type AvailableOptions, type AvailablePlugin, listAvailable } from './available.js'

/** A plugin that fits what was looked for. */
export interface RankedPlugin extends AvailablePlugin {
  /** Higher is better; only to be compared with another of the same search. */
  readonly score: number
}

/** What came of a search. */
export interface SearchResult {
  /** The best first. */
  readonly plugins: readonly RankedPlugin[]
  /** How many were looked through. */
  readonly searched: number
  /** Names that are nearly a word of a search that found nothing. */
  readonly nearest: readonly string[]
}

/** What {@link search} takes besides. */
export interface SearchOptions extends AvailableOptions {
  /** Asks the indexes anew; without it only those that never were asked. @default false */
  readonly refresh?: boolean
}

/**
 * Looks through all that is available for plugins that have each of the words in their name, their address or their description.
 * What the indexes said the last time is enough, so that it needs no network once they have been asked.
 *
 * @throws MicroError as `listAvailable()`
 */
export async function search(words: string, options: SearchOptions): Promise<SearchResult> {
  const all = await listAvailable({ ...options, indexes: options.refresh === true ? 'ask' : 'kept' })
  const plugins = rankPlugins(words, all)
  const names = new Set(plugins.length > 0 ? [] : all.map(({ key }) => lastOf(key)))
  const near = [...new Set(wordsOf(words).flatMap((word) => nearest(word, names)))]
  return { plugins, searched: all.length, nearest: near }
}

// What a person looks for is a name; the address says whose it is, and a description says everything about many things.
const scores = { name: [100, 60, 40, 20], address: [30, 20, 12, 6], description: [10, 6, 4, 1] } as const

/**
 * Those of the plugins that fit, the best first, and of two that fit as well the one whose key sorts first. A whole word counts more than its beginning, its beginning
 * more than its middle. No words: all of them. It takes some milliseconds for 10 000, so that it can be called at each key that is typed.
 */
export function rankPlugins(words: string, plugins: readonly AvailablePlugin[]): readonly RankedPlugin[] {
  const wanted = wordsOf(words)
  const found: RankedPlugin[] = []
  for (const plugin of plugins) {
    const score = scoreOf(wanted, plugin)
    if (score > 0 || wanted.length === 0) found.push({ ...plugin, score })
  }
  return found.sort((a, b) => b.score - a.score || a.key.length - b.key.length || (a.key < b.key ? -1 : 1))
}

function scoreOf(words: readonly string[], { key, name, description }: AvailablePlugin): number {
  const texts = { name: `${name} ${lastOf(key)}`.toLowerCase(), address: key.toLowerCase(), description: description.toLowerCase() }
  let sum = 0
  for (const word of words) {
    const best = Math.max(...(['name', 'address', 'description'] as const).map((part) => fit(word, texts[part], scores[part])))
    if (best === 0) return 0
    sum += best
  }
  return sum
}

/** `scores`: for a whole word, the beginning of the text, the beginning of a word, anywhere. */
function fit(word: string, text: string, [whole, start, wordStart, anywhere]: readonly [number, number, number, number]): number {
  let best = 0
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const isStart = at === 0 || isBetween(text, at - 1)
    const isEnd = at + word.length === text.length || isBetween(text, at + word.length)
    if (isStart && isEnd) return whole
    if (at === 0) best = start
    else best = Math.max(best, isStart ? wordStart : anywhere)
  }
  return best
}

const isBetween = (text: string, at: number) => ' /-_.,:;()"\''.includes(text.charAt(at))
const lastOf = (key: string) => key.slice(key.lastIndexOf('/') + 1)
const wordsOf = (text: string) => text.toLowerCase().split(/\s+/).filter(Boolean)
