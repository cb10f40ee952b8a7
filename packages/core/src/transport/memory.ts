import { baseErrors } from '../base/index.js'
import { formatAddress, parseAddress } from './address.js'
import { transportErrors } from './errors.js'
import { checkedHeader } from './header.js'
import { mailbox } from './mailbox.js'
import type { Connection, Frame, Listener, ListenOptions, OpenOptions, Transport } from './transport.js'

interface Door {
  readonly accept: (connection: Connection) => void
  readonly maxBytes: number
  readonly connections: Set<MemoryEnd>
}

/** What memory transports that reach each other share: who listens where. */
export interface MemoryNetwork {
  /** By address. */
  readonly doors: Map<string, Door>
  /** A port that nobody has had yet. */
  nextPort(): number
}

/** How a memory transport is made. */
export interface MemoryTransportOptions {
  /** Transports with the same network reach each other. @default a network of its own */
  readonly network?: MemoryNetwork
  /** The largest body that connections opened here take, in bytes. @default 4_194_304 (4 MiB) */
  readonly maxBytes?: number
}

/** An empty network. */
export function memoryNetwork(): MemoryNetwork {
  let port = 0
  return { doors: new Map(), nextPort: () => ++port }
}

const defaultMaxBytes = 4_194_304

/**
 * Carries frames inside one process, as they are: nothing is copied, nothing is written.
 *
 * The host of an address is a name like any other; ports are counted up from 1.
 */
export function memoryTransport(options: MemoryTransportOptions = {}): Transport {
  const { network = memoryNetwork(), maxBytes = defaultMaxBytes } = options
  const listeners = new Set<Listener>()
  const opened = new Set<MemoryEnd>()
  let isClosed = false
  let clients = 0

  return {
    name: 'memory',
    features: new Set(['concurrent'] as const),

    async open(address, openOptions: OpenOptions = {}) {
      if (isClosed) throw baseErrors.closed('memory transport')
      const signal = openOptions.signal
      if (signal?.aborted === true) throw baseErrors.canceled(`connecting to ${address}`, signal.reason)
      parseAddress(address)
      const door = network.doors.get(address)
      if (door === undefined) throw transportErrors.connectFailed(address)
      const [near, far] = connectedPair(`client:${++clients}`, address, maxBytes, door.maxBytes)
      opened.add(near)
      door.connections.add(far)
      void near.closed.then(() => opened.delete(near))
      void far.closed.then(() => door.connections.delete(far))
      door.accept(far)
      return near
    },

    async listen(address, accept, listenOptions: ListenOptions = {}) {
      if (isClosed) throw baseErrors.closed('memory transport')
      if (listenOptions.web !== undefined)
        throw baseErrors.unimplemented('the memory transport', 'web', 'Use `transport: http` to answer plain HTTP.')
      if (listenOptions.protocols !== undefined)
        throw baseErrors.unimplemented('the memory transport', 'protocols', 'Use `transport: http`: protocols need a socket.')
      const { host, port } = parseAddress(address)
      const actual = formatAddress(host, port === 0 ? network.nextPort() : port)
      if (network.doors.has(actual)) throw transportErrors.portTaken(actual, undefined)
      const door: Door = { accept, maxBytes: listenOptions.maxBytes ?? defaultMaxBytes, connections: new Set() }
      network.doors.set(actual, door)
      let ending: Promise<void> | undefined
      const end = async () => {
        network.doors.delete(actual)
        listeners.delete(listener)
        await Promise.all([...door.connections].map((connection) => connection.endWhenAnswered()))
      }
      const listener: Listener = { address: actual, close: () => (ending ??= end()) }
      listeners.add(listener)
      return listener
    },

    async close() {
      isClosed = true
      await Promise.all([...opened, ...listeners].map((one) => one.close()))
    },
  }
}

interface MemoryEnd extends Connection {
  /** Ends it at once when no frame waits for an answer, else after the answer. */
  endWhenAnswered(): Promise<void>
  /** Takes a frame of the other end. */
  take(frame: Frame): void
  /** The other end has closed. */
  ended(): void
}

function connectedPair(near: string, far: string, nearMaxBytes: number, farMaxBytes: number): [MemoryEnd, MemoryEnd] {
  const first: MemoryEnd = memoryEnd(near, far, farMaxBytes, () => second)
  const second: MemoryEnd = memoryEnd(far, near, nearMaxBytes, () => first)
  return [first, second]
}

function memoryEnd(local: string, remote: string, peerMaxBytes: number, peer: () => MemoryEnd): MemoryEnd {
  const inbox = mailbox()
  let isOpen = true
  let isDraining = false
  let unanswered = 0
  let resolveClosed: () => void = () => undefined
  const closed = new Promise<void>((resolve) => (resolveClosed = resolve))

  const finish = () => {
    if (!isOpen) return
    isOpen = false
    inbox.end()
    resolveClosed()
    peer().ended()
  }

  return {
    local,
    remote,
    closed,
    async send(frame) {
      if (!isOpen) throw transportErrors.connectionClosed(remote)
      if (frame.body.length > peerMaxBytes) throw transportErrors.frameTooLarge(frame.body.length, peerMaxBytes)
      const header = checkedHeader(frame.header)
      peer().take(header === frame.header ? frame : { header, body: frame.body })
      if (unanswered > 0) unanswered--
      if (isDraining && unanswered === 0) finish()
    },
    receive: (receiveOptions) => inbox.receive(receiveOptions),
    async close() {
      finish()
    },
    endWhenAnswered() {
      isDraining = true
      if (unanswered === 0) finish()
      return closed
    },
    take(frame) {
      unanswered++
      inbox.put(frame)
    },
    ended: finish,
  }
}
