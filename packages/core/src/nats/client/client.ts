import { backoffMs, baseErrors, deadlineAfter, remainingMs, sleep, systemClock, type Cancel } from '../../base/index.js'
import { parseAddresses, type NatsAddress } from '../address.js'
import { checkPublish, checkSubscribe } from '../wire/checks.js'
import type { NatsClientOptions } from './client-options.js'
import { clientSubscriptions } from './client-subscriptions.js'
import { publishBytes, writePublish } from '../wire/encode.js'
import { natsErrors } from '../errors.js'
import { errorText, openLink, readInfo, type Link } from './link.js'
import type { NatsClient, NatsClientState, NatsPublishOptions } from '../nats.js'
import { Outbox, slabPool } from '../wire/outbox.js'
import type { Frame } from '../wire/parser.js'
import { Verb } from '../wire/verbs.js'
import { pongQueue } from './pong-queue.js'
import { throwLater } from '../throw-later.js'

// Above it a publisher had better wait: enough to keep the socket busy.
const roomBytes = 1024 * 1024
const maxPingsOut = 2

/**
 * Connects to a NATS server.
 *
 * @throws `unavailable`/`NATS_UNREACHABLE` when none of the servers answers, `unauthenticated`/`NATS_AUTHORIZATION`, `invalid_argument`/`ADDRESS_INVALID`
 */
export async function natsClient(options: NatsClientOptions): Promise<NatsClient> {
  const { name, connectTimeoutMs = 5000, reconnectBaseMs = 50, reconnectCapMs = 2000, clock = systemClock, random = Math.random } = options
  const { maxBufferedBytes = 8 * 1024 * 1024, maxPendingBytes = 64 * 1024 * 1024, pingIntervalMs = 15_000 } = options
  const { onState = () => undefined } = options
  const servers = parseAddresses(options.servers)

  const outbox = new Outbox(slabPool())
  const subscriptions = clientSubscriptions(options.onError ?? throwLater)
  const pongs = pongQueue()
  const stop = new AbortController()
  let state = 'reconnecting' as NatsClientState
  let link: Link
  let info: Link['info']
  let flushAsked = false
  let waitingForRoom: (() => void)[] = []
  let heard = false
  let complaint: Error | undefined
  let pingsOut = 0
  let cancelPing: Cancel = () => undefined
  let tellClosed: () => void
  const closed = new Promise<void>((resolve) => (tellClosed = resolve))
  // Most publish to one subject many times in a row.
  let lastSubject: string | undefined
  let lastSubjectBytes = Buffer.alloc(0)

  outbox.onWritten = () => {
    if (outbox.pendingBytes < roomBytes) tellRoom()
  }
  // Only what is handed to the socket at once may hold a PING: one that waits here when the connection breaks would be answered on the next, out of turn.
  outbox.onFlush = () => {
    const pings = pongs.ask()
    if (pings > 0) outbox.text('PING\r\n'.repeat(pings))
  }
  const linkOptions = { name, clock, timeoutMs: connectTimeoutMs, onFrame, onEnd: onLost, signal: stop.signal }
  await connectFirst()

  const client: NatsClient = {
    get state() {
      return state
    },
    get url() {
      return link.address.url
    },
    get info() {
      return info
    },
    get maxPayloadBytes() {
      return info.max_payload
    },
    closed,
    publish,
    room() {
      if (state !== 'connected' || outbox.pendingBytes < roomBytes) return undefined
      return new Promise((resolve) => waitingForRoom.push(resolve))
    },
    subscribe(subject, listener, { queue, max = 0 } = {}) {
      checkOpen()
      checkSubscribe(subject, queue)
      const added = subscriptions.add({ subject, queue, max, listener })
      if (state === 'connected') send(added.lines)
      return {
        subject,
        queue,
        unsubscribe() {
          if (subscriptions.remove(added.sid) && state === 'connected') send(`UNSUB ${added.sid}\r\n`)
        },
      }
    },
    flush,
    drain,
    async close() {
      if (state !== 'closed') {
        shut()
        link.destroy()
        tellClosed()
      }
      return closed
    },
  }
  return client

  function publish(subject: string, payload: Uint8Array, { reply, headers }: NatsPublishOptions = {}): void {
    checkOpen()
    if (subject !== lastSubject || reply !== undefined) {
      checkPublish(subject, reply)
      lastSubject = subject
      lastSubjectBytes = Buffer.from(subject)
    }
    const size = payload.length + (headers?.length ?? 0)
    if (size > info.max_payload) throw natsErrors.messageTooLarge(size, info.max_payload)
    const replyBytes = reply === undefined ? undefined : Buffer.from(reply)
    const bytes = publishBytes(lastSubjectBytes, replyBytes, size)
    const isReconnecting = state === 'reconnecting'
    const most = isReconnecting ? maxBufferedBytes : maxPendingBytes
    if (outbox.pendingBytes + bytes > most) throw natsErrors.publishBufferFull(outbox.pendingBytes, most, isReconnecting)
    writePublish(outbox, { subject: lastSubjectBytes, reply: replyBytes, headers, payload })
    askFlush()
  }

  function flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (state === 'closed') return reject(baseErrors.closed('NATS client'))
      pongs.wait(resolve, reject)
      askFlush()
    })
  }

  async function drain(timeoutMs = 5000): Promise<void> {
    if (state === 'closed') return
    const deadline = deadlineAfter(timeoutMs, clock)
    if (state === 'connected') send(subscriptions.unsubscribeLines())
    let cancel: Cancel = () => undefined
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(remainingMs(deadline, clock), () => reject(baseErrors.deadlineExceeded('draining the NATS client', timeoutMs)))
    })
    try {
      await Promise.race([flush(), late])
    } finally {
      cancel()
      await client.close()
    }
  }

  function send(text: string): void {
    outbox.text(text)
    askFlush()
  }

  function askFlush(): void {
    if (flushAsked || state !== 'connected') return
    flushAsked = true
    process.nextTick(flushNow)
  }

  function flushNow(): void {
    flushAsked = false
    if (state !== 'connected') return
    outbox.flush()
  }

  function onFrame(frame: Frame): void {
    heard = true
    switch (frame.verb) {
      case Verb.msg:
      case Verb.hmsg: {
        const finished = subscriptions.deliver(frame)
        if (finished !== undefined) send(`UNSUB ${finished}\r\n`)
        return
      }
      case Verb.ping:
        return send('PONG\r\n')
      case Verb.pong:
        pingsOut = 0
        return pongs.answer()
      case Verb.info:
        info = readInfo(frame) ?? info
        return
      case Verb.err:
        complaint = natsErrors.serverSaid(link.address.url, errorText(frame))
        return options.onError?.(complaint)
      case Verb.ok:
      case Verb.connect:
      case Verb.pub:
      case Verb.hpub:
      case Verb.sub:
      case Verb.unsub:
    }
  }

  // Subscriptions first, then what was published meanwhile: a reply to it must find its subscriber.
  function adopt(next: Link): void {
    if (next.socket.destroyed) throw natsErrors.connectionLost(next.address.url)
    link = next
    info = next.info
    state = 'connected'
    heard = true
    complaint = undefined
    pingsOut = 0
    const lines = subscriptions.lines()
    if (lines !== '') link.socket.write(lines, 'latin1')
    outbox.attach(link.socket)
    cancelPing = clock.after(pingIntervalMs, askWhetherAlive, { background: true })
    askFlush()
  }

  function askWhetherAlive(): void {
    cancelPing = clock.after(pingIntervalMs, askWhetherAlive, { background: true })
    if (heard) {
      heard = false
      return
    }
    if (pingsOut >= maxPingsOut) {
      link.destroy()
      return onLost(natsErrors.silent(link.address.url, pingIntervalMs * (maxPingsOut + 1)))
    }
    pingsOut++
    pongs.wait(nothing, nothing)
    askFlush()
  }

  function onLost(cause: Error): void {
    // Before it is adopted a link fails like one that was never there.
    if (state !== 'connected') return
    state = 'reconnecting'
    cancelPing()
    outbox.detach()
    pongs.reset()
    tellRoom()
    onState(state, complaint ?? cause)
    reconnect().catch(throwLater)
  }

  async function reconnect(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const waitMs = backoffMs(attempt, { baseMs: reconnectBaseMs, capMs: reconnectCapMs, random })
      try {
        await sleep(waitMs, { clock, signal: stop.signal })
        const found = await openLink(servers[(attempt - 1) % servers.length] as NatsAddress, linkOptions)
        if (stop.signal.aborted) return found.destroy()
        adopt(found)
        return onState(state)
      } catch {
        // Whatever kept this attempt from it, the next one may find it gone; `onState` has told why the connection was lost.
        if (stop.signal.aborted) return
      }
    }
  }

  async function connectFirst(): Promise<void> {
    let lastError: unknown
    for (const server of servers) {
      try {
        return adopt(await openLink(server, linkOptions))
      } catch (error) {
        lastError = error
      }
    }
    if ((lastError as { code?: unknown }).code === 'unauthenticated') throw lastError
    throw natsErrors.unreachable(
      servers.map((server) => server.url),
      lastError,
    )
  }

  function shut(): void {
    state = 'closed'
    stop.abort()
    cancelPing()
    outbox.detach()
    outbox.discard()
    subscriptions.clear()
    pongs.fail(baseErrors.closed('NATS client'))
    tellRoom()
    onState(state)
  }

  function tellRoom(): void {
    const waiting = waitingForRoom
    waitingForRoom = []
    for (const resolve of waiting) resolve()
  }

  function checkOpen(): void {
    if (state === 'closed') throw baseErrors.closed('NATS client')
  }
}

const nothing = () => undefined
