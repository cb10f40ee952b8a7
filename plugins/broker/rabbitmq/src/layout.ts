import { createHash } from 'node:crypto'

/** Where messages go on the server: by default where go-micro's rabbitmq broker sends them. */
export interface Layout {
  /** The topic exchange of all messages. */
  readonly exchange: string
  /** Whether it survives a restart of the server. go-micro's does not. */
  readonly isDurable: boolean
  /** Where messages go that must be kept: an exchange that survives, of which the other one gets a copy. The same one when that survives too. */
  readonly durableExchange: string
  readonly queueType: QueueType
}

/**
 * How the server keeps a durable queue. `classic`: on the disk of one server. `quorum`: on the disks of several of a cluster, and it counts how often a
 * message was handed over.
 */
export type QueueType = 'classic' | 'quorum'

/** The layout with `exchange` as its name. */
export function layoutOf(exchange: string, isDurable: boolean, queueType: QueueType = 'classic'): Layout {
  return { exchange, isDurable, durableExchange: isDurable ? exchange : `${exchange}.durable`, queueType }
}

/** A topic, or one with wildcards, as a topic exchange wants it: its `#` is none or more, where `>` is one or more. */
export function bindingKey(topic: string): string {
  return topic.endsWith('>') ? `${topic.slice(0, -1)}*.#` : topic
}

// What AMQP's short strings hold, less what is put behind the name of a queue.
const maxNameBytes = 255 - ':durable'.length

/**
 * The name of the queue that the members of a group share. go-micro gives it the group's name alone, and so mixes up the topics of a group with several;
 * here each topic has its own. A colon can be in neither.
 */
export function groupQueue({ exchange }: Layout, group: string, topic: string): string {
  const name = ['micro', ...(exchange === 'micro' ? [] : [exchange]), group, topic].join(':')
  if (Buffer.byteLength(name) <= maxNameBytes) return name
  const hash = createHash('sha256').update(name).digest('hex')
  return `micro:${group.slice(0, 100)}:${hash}`
}

/** The queue of a durable subscription: it and what is in it survive a restart, and while nobody is there. */
export const durableQueue = (layout: Layout, group: string, topic: string) => `${groupQueue(layout, group, topic)}:durable`

/** Where messages go that a durable subscription has given up. */
export const deadLetterQueue = (layout: Layout, group: string, topic: string) => `${groupQueue(layout, group, topic)}:dead`
