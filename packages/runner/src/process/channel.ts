import type { InterfaceUse } from '../state/record.js'
import type { SaidError } from './errors.js'

/** What a process says on its channel (file descriptor 3), one JSON line each. */
export type ChannelMessage = ReadyMessage | { readonly type: 'failed'; readonly error: SaidError } | { readonly type: 'stopping' }

/** It can be used now. A service of ours says all but `ports`, a service type says `ports`. */
export interface ReadyMessage {
  readonly type: 'ready'
  readonly ports?: Readonly<Record<string, number>>
  readonly service?: string
  readonly version?: string
  readonly node?: string
  readonly address?: string
  readonly url?: string
  readonly uses?: readonly InterfaceUse[]
  readonly endpoints?: readonly string[]
  readonly topics?: readonly string[]
  /** An input to try, for each endpoint whose schema gives one. */
  readonly samples?: Readonly<Record<string, unknown>>
}

/** A line of the channel; undefined when it is none of the messages: a process may hand its descriptor on to a program that prints. */
export function parseMessage(line: string): ChannelMessage | undefined {
  try {
    const message = JSON.parse(line) as ChannelMessage | null
    if (message === null || typeof message !== 'object') return undefined
    return message.type === 'ready' || message.type === 'stopping' || (message.type === 'failed' && typeof message.error === 'object')
      ? message
      : undefined
  } catch {
    return undefined // not JSON
  }
}
