import type { RemoteInfo, Socket, SocketOptions } from 'node:dgram'
import type { Clock } from '../../base/index.js'
import {
  chooseInterfaces,
  nearness,
  type FoundInterfaces,
  type InterfaceChoice,
  type NetworkInterface,
  type Nearness,
} from './interfaces.js'
import { decodeMessage, encodeMessage, type DnsMessage } from './message.js'
import { domain, query } from './packet.js'

/** mDNS' port (RFC 6762). */
export const mdnsPort = 5353

/** A message, and where it came from. */
export interface Received {
  readonly message: DnsMessage
  readonly address: string
  readonly port: number
  readonly near: Exclude<Nearness, 'far'>
  /** Whether we sent it ourselves, as a question. */
  readonly isOwnQuestion: boolean
}

/** The sockets. Nothing that it does throws: what goes wrong is told by `problems`. */
export interface Link {
  /** Whether questions and announcements of others are heard: port 5353 is bound and a group joined. */
  readonly isListening: boolean
  /** Whether a question can be asked at all. */
  readonly canAsk: boolean
  /** Whether what is sent on loopback is heard on loopback. Settles within 100 ms of the opening. */
  readonly works: Promise<boolean>
  /** Sends a question on every interface, from a port of our own, which the answers come to. */
  ask(message: DnsMessage): void
  /** Sends from port 5353: on loopback alone (`host`), or on every interface. */
  announce(message: DnsMessage, reach: 'host' | 'link'): void
  /** Sends an answer to the port that the question came from. */
  answer(message: DnsMessage, to: { readonly address: string; readonly port: number }): void
  /** What went wrong, for people: `eth0: ENODEV`. */
  problems(): readonly string[]
  /** The interfaces in use, by name. */
  interfaces(): readonly string[]
  /** Whether listening keeps the process alive. At first it does not. */
  hold(isHeld: boolean): void
  close(): void
}

/** What a {@link Link} is made of. */
export interface LinkOptions {
  readonly dgram: { createSocket(options: SocketOptions): Socket }
  readonly networkInterfaces: () => FoundInterfaces
  readonly choice: InterfaceChoice | undefined
  readonly clock: Clock
  readonly random: () => number
  readonly onMessage: (received: Received) => void
}

type Family = 'udp4' | 'udp6'
const groups = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const

// New interfaces (a VPN, a network cable) are looked for no more often than this.
const rescanMs = 5000
// Our own packet comes back on loopback in well under a millisecond; this is for a process that is busy starting.
const selfCheckMs = 100

/** Opens the sockets and joins the groups: IPv4 on every interface, IPv6 too where it is not loopback. Always resolves. */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { dgram, networkInterfaces, choice, clock, random, onMessage } = options
  const troubles = new Map<string, string>()
  const listeners = new Map<Family, Socket>()
  const askers = new Map<Family, Socket>()
  const joined = new Map<string, Socket>()
  let found: FoundInterfaces = {}
  let chosen: readonly NetworkInterface[] = []
  let scannedAtMs = -Infinity
  let isClosed = false
  const check = selfCheck(clock)

  const note = (what: string, error: unknown) => {
    troubles.set(what, (error as NodeJS.ErrnoException).code ?? String(error))
  }
  const receive = (bytes: Uint8Array, from: RemoteInfo) => {
    const near = nearness(found, chosen, from.address)
    const message = near === 'far' ? undefined : decodeMessage(bytes)
    if (isClosed || message === undefined || near === 'far') return
    const isOwnQuestion = near === 'host' && [...askers.values()].some((asker) => asker.address().port === from.port)
    if (isOwnQuestion && from.address.startsWith('127.')) check.pass()
    if (isOwnQuestion && from.address === '::1') check.pass()
    onMessage({ message, address: from.address, port: from.port, near, isOwnQuestion })
  }
  const open = async (family: Family) => {
    const what = family === 'udp4' ? 'IPv4' : 'IPv6'
    const [listener, asker] = await Promise.all([
      bind(dgram, family, mdnsPort).catch((error: unknown) => note(`port ${mdnsPort} over ${what}`, error)),
      bind(dgram, family, 0).catch((error: unknown) => note(`a port over ${what}`, error)),
    ])
    for (const [sockets, socket] of [[listeners, listener] as const, [askers, asker] as const]) {
      if (socket === undefined) continue
      sockets.set(family, socket)
      socket.on('message', receive)
      socket.on('error', (error) => note(what, error))
    }
  }
  const scan = () => {
    if (clock.monotonicMs() - scannedAtMs < rescanMs) return
    scannedAtMs = clock.monotonicMs()
    found = networkInterfaces()
    chosen = chooseInterfaces(found, choice)
    for (const one of chosen) {
      if (one.ipv4 !== undefined) join(one, 'udp4', one.ipv4)
      if (one.ipv6 !== undefined) join(one, 'udp6', one.ipv6)
    }
  }
  const join = (one: NetworkInterface, family: Family, address: string) => {
    const listener = listeners.get(family)
    const key = `${family} ${address}`
    if (listener === undefined || joined.get(key) === listener) return
    try {
      listener.addMembership(groups[family], address)
      joined.set(key, listener)
      troubles.delete(one.name)
    } catch (error) {
      // An interface that came back with its old address still has its membership.
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') joined.set(key, listener)
      else note(one.name, error)
    }
  }
  const multicast = (sockets: ReadonlyMap<Family, Socket>, message: DnsMessage, reach: 'host' | 'link') => {
    if (isClosed) return
    scan()
    const bytes = encodeMessage(message)
    for (const one of chosen) {
      if (reach === 'host' && !one.isLoopback) continue
      for (const [family, address] of [['udp4', one.ipv4] as const, ['udp6', one.ipv6] as const]) {
        const socket = sockets.get(family)
        if (socket === undefined || address === undefined) continue
        try {
          // The choice of interface holds until the next one, and sending is synchronous (see `bind`).
          socket.setMulticastInterface(address)
          send(socket, bytes, mdnsPort, family === 'udp4' ? groups.udp4 : `${groups.udp6}${address.slice(2)}`, one.name)
        } catch (error) {
          note(one.name, error)
        }
      }
    }
  }
  const send = (socket: Socket, bytes: Uint8Array, port: number, address: string, what: string) => {
    socket.send(bytes, port, address, (error) => {
      if (error === null) troubles.delete(`sending on ${what}`)
      else note(`sending on ${what}`, error)
    })
  }

  found = networkInterfaces()
  chosen = chooseInterfaces(found, choice)
  const families: Family[] = []
  if (chosen.some((one) => one.ipv4 !== undefined)) families.push('udp4')
  if (chosen.some((one) => one.ipv6 !== undefined)) families.push('udp6')
  await Promise.all(families.map(open))
  scan()
  if (joined.size === 0 || askers.size === 0) check.fail()
  multicast(askers, query(`_check.${domain}.`, Math.floor(random() * 65_536)), 'host')

  return {
    get isListening() {
      return joined.size > 0
    },
    get canAsk() {
      return askers.size > 0 && chosen.length > 0
    },
    works: check.outcome,
    ask: (message) => multicast(askers, message, 'link'),
    announce: (message, reach) => multicast(listeners, message, reach),
    answer(message, to) {
      const socket = listeners.get(to.address.includes(':') ? 'udp6' : 'udp4')
      if (isClosed || socket === undefined) return
      send(socket, encodeMessage(message, { compress: true }), to.port, to.address, 'an answer')
    },
    problems: () => [...troubles].map(([what, why]) => `${what}: ${why}`),
    interfaces: () => chosen.map((one) => one.name),
    hold(isHeld) {
      if (isClosed) return
      for (const listener of listeners.values()) {
        if (isHeld) listener.ref()
        else listener.unref()
      }
    },
    close() {
      if (isClosed) return
      isClosed = true
      check.fail()
      for (const socket of [...listeners.values(), ...askers.values()]) socket.close()
    },
  }
}

function bind(dgram: LinkOptions['dgram'], family: Family, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Node looks even an IP address up, one tick later, when the interface may be another one's already. All our addresses are IP addresses.
    const lookup = (address: string, _: unknown, done: (error: null, address: string, family: number) => void) =>
      done(null, address, family === 'udp4' ? 4 : 6)
    const socket = dgram.createSocket({ type: family, reuseAddr: port !== 0, ipv6Only: family === 'udp6', lookup })
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.bind({ port, address: family === 'udp4' ? '0.0.0.0' : '::', exclusive: true }, () => {
      socket.removeAllListeners('error')
      socket.unref()
      resolve(socket)
    })
  })
}

/** Whether our own packet came back, decided once. */
function selfCheck(clock: Clock) {
  let settle: (works: boolean) => void = () => undefined
  const outcome = new Promise<boolean>((resolve) => (settle = resolve))
  // One turn more after the time, so that what waits in the socket is read first.
  let cancel = clock.after(selfCheckMs, () => (cancel = clock.after(1, () => settle(false))))
  const decide = (works: boolean) => () => {
    cancel()
    settle(works)
  }
  return { outcome, pass: decide(true), fail: decide(false) }
}
