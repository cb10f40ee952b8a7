import { type Clock, systemClock } from '@microts/core/base'
import type { SourceEvent } from '@microts/source'
import type { Terminal } from '../terminal.js'
import { renderBytes } from './bytes.js'
import { fetchProgress } from './fetch-progress.js'
import { renderRevision } from './revision.js'

/** Draws what happens while plugins are found and fetched. */
export interface SourceEventWriter {
  write(event: SourceEvent): void
  /** Takes away what is drawn of fetches that have not come to an end. */
  finish(): void
}

interface Arrival {
  readonly revision?: string
  readonly ref?: string
  readonly why?: string
  readonly size?: string
}

/** Draws the events beside the data: a line for each plugin that came, and progress while one takes its time. What was here already is not told. */
export function sourceEventWriter(terminal: Terminal, clock: Clock = systemClock): SourceEventWriter {
  const progress = fetchProgress(terminal, clock)
  const arrivals = new Map<string, Arrival>()
  const learn = (key: string, commit: string, more: Arrival) => {
    const id = `${key} ${commit}`
    arrivals.set(id, { ...arrivals.get(id), ...more })
  }
  const chat = (text: string) => terminal.err(terminal.style('dim', text))

  return {
    finish: () => progress.finish(),
    write(event) {
      progress.see(event)
      switch (event.is) {
        case 'chosen': {
          const { key, commit, revision, ref, why } = event
          return learn(key, commit, { revision, why, ...(ref !== undefined && { ref }) })
        }
        case 'fetched':
          return learn(event.key, event.commit, {
            size: `${event.files} ${event.files === 1 ? 'file' : 'files'}, ${renderBytes(event.bytes)}`,
          })
        case 'moved':
          return terminal.err(
            terminal.style(
              'yellow',
              `${event.key} has moved: ${renderRevision(event.revision, event.from)} is ${event.to.slice(0, 12)} now`,
            ),
          )
        case 'ready': {
          const arrival = arrivals.get(`${event.key} ${event.commit}`)
          if (arrival === undefined) return
          arrivals.delete(`${event.key} ${event.commit}`)
          const revision = renderRevision(arrival.revision ?? '', event.commit, arrival.ref)
          return chat(`✓ ${event.key} ${revision}  (${[arrival.why ?? 'as micro.lock says', arrival.size].filter(Boolean).join('; ')})`)
        }
        case 'trusted':
          return chat(`✓ trusted from now on: ${event.sources.join(', ')}`)
        case 'locked':
          return chat('✓ micro.lock is written')
        case 'index-stale':
          return terminal.err(terminal.style('yellow', `The index ${event.key} could not be asked, what it said last counts: ${event.why}`))
        case 'asking':
        case 'fetching':
        case 'received':
        case 'linked':
      }
    },
  }
}

/** As {@link sourceEventWriter} for a command that shows nothing else; with `--json` each event is a line of data: `{ type: 'plugin', event }`. */
export function writeSourceEvents(terminal: Terminal): (event: SourceEvent) => void {
  return terminal.wantsJson ? (event) => terminal.json({ type: 'plugin', event }) : sourceEventWriter(terminal).write
}
