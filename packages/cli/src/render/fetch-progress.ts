import type { Cancel, Clock } from '@microts/core/base'
import type { SourceEvent } from '@microts/source'
import type { Terminal } from '../terminal.js'
import { renderBytes } from './bytes.js'

/** What is on its way. */
export interface FetchProgress {
  see(event: SourceEvent): void
  finish(): void
}

interface Fetch {
  readonly doing: 'asking' | 'fetching'
  readonly sinceMs: number
  bytes: number
  /** When a line was last written of it. */
  toldMs: number
}

// Below this nobody wonders; on a terminal the line is there at once, since it goes again.
const patienceMs = 1000
const againMs = 10_000

/**
 * Shows what is being fetched: one line that is drawn again and again where that can be done, else a plain line for what takes more than a
 * second, and one more every ten seconds.
 */
export function fetchProgress(terminal: Terminal, clock: Clock): FetchProgress {
  const fetches = new Map<string, Fetch>()
  let cancel: Cancel | undefined

  const show = () => {
    if (terminal.canRedraw) return terminal.status(fetches.size === 0 ? undefined : [...fetches].map(describe).join(', '))
    for (const [key, fetch] of fetches) {
      const now = clock.monotonicMs()
      if (now - fetch.sinceMs < patienceMs || now - fetch.toldMs < againMs) continue
      fetch.toldMs = now
      terminal.err(terminal.style('dim', describe([key, fetch])))
    }
  }
  const tick = () => {
    cancel = undefined
    show()
    if (fetches.size > 0) cancel = clock.after(patienceMs, tick, { background: true })
  }
  const begin = (key: string, doing: Fetch['doing']) => {
    fetches.set(key, { doing, sinceMs: clock.monotonicMs(), bytes: 0, toldMs: -againMs })
    cancel ??= clock.after(patienceMs, tick, { background: true })
    if (terminal.canRedraw) show()
  }
  const end = (key: string) => {
    fetches.delete(key)
    if (fetches.size > 0) return terminal.canRedraw ? show() : undefined
    cancel?.()
    cancel = undefined
    terminal.status(undefined)
  }

  return {
    see(event) {
      const fetch = 'key' in event ? fetches.get(event.key) : undefined
      if (event.is === 'asking' || event.is === 'fetching') begin(event.key, event.is)
      else if ((event.is === 'chosen' || event.is === 'index-stale') && fetch?.doing === 'asking') end(event.key)
      else if (event.is === 'fetched') end(event.key)
      else if (event.is === 'received' && fetch !== undefined) {
        fetch.bytes = event.bytes
        if (terminal.canRedraw) show()
      }
    },
    finish: () => [...fetches.keys()].forEach(end),
  }
}

function describe([key, { doing, bytes }]: readonly [string, Fetch]): string {
  return `${doing} ${key}${bytes === 0 ? '' : ` ${renderBytes(bytes)}`}`
}
