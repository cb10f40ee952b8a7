import type { Cancel, Clock } from '../../base/index.js'
import type { Link, Received } from './link.js'
import { internetClass, recordType, type DnsMessage, type DnsQuestion } from './message.js'
import type { OwnNode } from './own-node.js'
import { announcement, answer, goTtlSeconds, instanceName, probe, serviceName, servicesAnswer, servicesName } from './packet.js'

/** Tells others of our nodes. */
export interface Responder {
  /** Tells of a node that is new or has changed. `expiresAtMs`: on the monotonic clock; absent when it stays. */
  announce(node: OwnNode, expiresAtMs: number | undefined): void
  /** Tells once more of a node whose lease was renewed. */
  renew(node: OwnNode, expiresAtMs: number | undefined): void
  /** Says goodbye. A node that it does not know is passed over. */
  leave(service: string, nodeId: string): void
  /** Answers, where there is something to answer. */
  receive(received: Received): void
  /** Says goodbye for all. */
  close(): void
}

/** What a {@link Responder} works with. */
export interface ResponderOptions {
  readonly link: Pick<Link, 'announce' | 'answer'>
  readonly clock: Clock
  readonly random: () => number
}

interface Told {
  readonly node: OwnNode
  readonly expiresAtMs: number | undefined
  readonly cancels: readonly Cancel[]
}

// go-micro's: probes up to 250 ms apart, announcements after 1 and 3 s. Its first announcement follows the probes; ours comes at once, so that
// whoever looks the node up from a cache finds it as soon as register() has resolved.
const probes = 3
const probeSpreadMs = 250
const repeatsAtMs = [1000, 3000] as const

// A question sent on several interfaces of this host arrives as often; one answer is enough.
const sameQuestionMs = 100
const maxRemembered = 256

/** A responder without nodes. */
export function responder({ link, clock, random }: ResponderOptions): Responder {
  const told = new Map<string, Told>()
  const answered = new Map<string, number>()

  const ttlSeconds = ({ expiresAtMs }: Told) => secondsLeft(expiresAtMs, clock)
  const say = (key: string) => {
    const one = told.get(key)
    if (one !== undefined) link.announce(announcement(one.node, ttlSeconds(one)), one.node.reach)
  }
  const leave = (key: string) => {
    const one = told.get(key)
    if (one === undefined) return
    told.delete(key)
    for (const cancel of one.cancels) cancel()
    link.announce(announcement(one.node, 0), one.node.reach)
  }
  const schedule = (delaysMs: readonly number[], run: () => void) =>
    delaysMs.map((delayMs) => clock.after(delayMs, run, { background: true }))
  const isRepeated = ({ near, port, message }: Received) => {
    if (near !== 'host') return false
    const key = `${port} ${message.id} ${message.questions.map((one) => one.name).join(' ')}`
    const nowMs = clock.monotonicMs()
    const isKnown = nowMs - (answered.get(key) ?? -Infinity) < sameQuestionMs
    if (answered.size >= maxRemembered) answered.clear()
    answered.set(key, nowMs)
    return isKnown
  }

  return {
    announce(node, expiresAtMs) {
      const key = instanceName(node)
      const before = told.get(key)
      for (const cancel of before?.cancels ?? []) cancel()
      const ask = () => link.announce(probe(node, Math.floor(random() * 65_536)), node.reach)
      let atMs = 0
      const probesAtMs = before === undefined ? Array.from({ length: probes }, () => (atMs += random() * probeSpreadMs)) : []
      const cancels = [...schedule(probesAtMs, ask), ...schedule(repeatsAtMs, () => say(key))]
      told.set(key, { node, expiresAtMs, cancels })
      say(key)
    },
    renew(node, expiresAtMs) {
      const key = instanceName(node)
      told.set(key, { node, expiresAtMs, cancels: told.get(key)?.cancels ?? [] })
      if (expiresAtMs !== undefined) say(key)
    },
    leave: (service, nodeId) => leave(instanceName({ service, nodeId })),
    receive(received) {
      const nodes = [...told.values()].map((one) => ({ ...one.node, ttlSeconds: ttlSeconds(one) }))
      const answers = received.message.questions.flatMap((asked) => answersTo(asked, nodes, received.near))
      if (answers.length === 0 || isRepeated(received)) return
      for (const message of answers) link.answer(message, received)
    },
    close() {
      for (const key of told.keys()) leave(key)
    },
  }
}

/** The answers to one question: a message for each node, or for each service name. Whoever is not on this host is told of no loopback address. */
export function answersTo(
  asked: DnsQuestion,
  nodes: readonly (OwnNode & { readonly ttlSeconds: number })[],
  near: 'host' | 'link',
): DnsMessage[] {
  // The top bit asks for a unicast answer, which ours always are.
  if ((asked.class & 0x7fff) !== internetClass) return []
  const visible = nodes.filter((node) => near === 'host' || node.reach === 'link')
  const isPointer = asked.type === recordType.PTR || asked.type === recordType.ANY
  if (isPointer && asked.name === servicesName) {
    const hosts = new Map(visible.map((node) => [node.service, node.host]))
    return [...hosts].map(([service, host]) => servicesAnswer(asked, service, host))
  }
  return visible
    .filter((node) => (isPointer && asked.name === serviceName(node.service)) || asksForNode(asked, node))
    .map((node) => answer(asked, node, node.ttlSeconds))
}

// What Go asks after an answer that had not all records. A PTR question for a node is a probe, which go-micro does not answer.
function asksForNode(asked: DnsQuestion, node: OwnNode): boolean {
  return asked.type !== recordType.PTR && asked.name === instanceName(node)
}

function secondsLeft(expiresAtMs: number | undefined, clock: Clock): number {
  if (expiresAtMs === undefined) return goTtlSeconds
  return Math.min(goTtlSeconds, Math.max(1, Math.ceil((expiresAtMs - clock.monotonicMs()) / 1000)))
}
