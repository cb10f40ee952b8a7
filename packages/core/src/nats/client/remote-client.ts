import { backoffMs, baseErrors, deadlineAfter, remainingMs, sleep, systemClock, type Cancel } from '../../base/index.js'
import { natsErrors } from '../errors.js'
import type { NatsClientState, NatsPublishOptions } from '../nats.js'
import { throwLater } from '../throw-later.js'
import { checkPublish, checkSubscribe } from '../wire/checks.js'
import { BufferedMessage } from '../wire/message.js'
import { Outbox, slabPool, writeNumber } from '../wire/outbox.js'
import type { Frame } from '../wire/parser.js'
import { readNumber, Verb } from '../wire/verbs.js'
import type { ConnectionOptions } from './client-options.js'
import { clientSubscriptions } from './client-subscriptions.js'
import { readPublications, type InnerClient } from './hand-over.js'
import { errorText, openLink, readInfo, type Link } from './link.js'
import { pongQueue } from './pong-queue.js'
import { emptyPublication, publicationBytes, writePublication } from './publication.js'
import type { RequestSlots } from './request-slots.js'
import type { ServerPool } from './server-pool.js'

// Above it a publisher had better wait: enough to keep the socket busy.
const roomBytes = 1024 * 1024
const maxPingsOut = 2
const noOptions: NatsPublishOptions = {}

/** A client over a socket, of whichever server of `pool` answers. `requests` may be shared with clients whose place it takes. */
export async function remoteClient(pool: ServerPool, requests: RequestSlots, options: ConnectionOptions): Promise<InnerClient> {
  const { name, tls, serverName, connectTimeoutMs = 5000, reconnectBaseMs = 50, reconnectCapMs = 2000 } = options
  const { maxBufferedBytes = 8 * 1024 * 1024, maxPendingBytes = 64 * 1024 * 1024, pingIntervalMs = 15_000 } = options
  const { settleMs = 0, clock = systemClock, random = Math.random, onState = () => undefined, onError = throwLater } = options

  const outbox = new Outbox(slabPool())
  const subscriptions = clientSubscriptions(onError)
  const pongs = pongQueue()
  const stop = new AbortController()
  let state = 'reconnecting' as NatsClientState
  let link: Link
  // From the login to the loss; what is published goes out a little later, when `settleMs` have passed.
  let isLinked = false
  let wasLost = false
  let cancelOpening: Cancel = () => undefined
  let info: Link['info']
  let flushAsked = false
  let waitingForRoom: (() => void)[] = []
  let heard = false
  let complaint: Error | undefined
  let pingsOut = 0
  let cancelPing: Cancel = () => undefined
  let isLeaving = false
  let hasInbox = false
  let tellClosed: () => void
  const closed = new Promise<void>((resolve) => (tellClosed = resolve))
  // Most publish to one subject many times in a row.
  let lastSubject: string | undefined
  const publication = emptyPublication()
  const inbox = Buffer.from(`${requests.prefix}000000000`)
  const inboxBytes = requests.prefix.length

  outbox.onWritten = () => {
    if (outbox.pendingBytes < roomBytes) tellRoom()
  }
  // Only what is handed to the socket at once may hold a PING: one that waits here when the connection breaks would be answered on the next, out of turn.
  outbox.onFlush = () => {
    const pings = pongs.ask()
    if (pings > 0) outbox.text('PING\r\n'.repeat(pings))
  }
  const linkOptions = { name, clock, tls, serverName, timeoutMs: connectTimeoutMs, onFrame, onEnd: onLost, signal: stop.signal }
  await connectFirst()

  const client: InnerClient = {
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
    publish(subject, payload, { reply, headers } = noOptions) {
      prepare(subject, payload, headers)
      if (reply !== undefined) {
        checkPublish(subject, reply)
        publication.reply = Buffer.from(reply)
        publication.replyBytes = publication.reply.length
      }
      write()
    },
    request(subject, payload, { timeoutMs = 5000, headers, signal } = {}) {
      try {
        prepare(subject, payload, headers)
        if (!hasInbox) listenToInbox()
        const { token, answer } = requests.open(subject, timeoutMs, signal)
        publication.reply = inbox
        publication.replyBytes = writeNumber(inbox, inboxBytes, token)
        write(token)
        return answer
      } catch (error) {
        return Promise.reject(error)
      }
    },
    room() {
      if (state !== 'connected' || outbox.pendingBytes < roomBytes) return undefined
      return new Promise((resolve) => waitingForRoom.push(resolve))
    },
    subscribe(subject, listener, { queue, max = 0, onRefused } = {}) {
      checkOpen()
      checkSubscribe(subject, queue)
      const added = subscriptions.add({ subject, queue, max, listener, onRefused })
      tell(added.lines)
      return {
        subject,
        queue,
        unsubscribe() {
          if (subscriptions.remove(added.sid)) tell(`UNSUB ${added.sid}\r\n`)
        },
      }
    },
    flush,
    drain,
    async close() {
      if (state !== 'closed') {
        shut()
        outbox.discard()
        pongs.fail(baseErrors.closed('NATS client'))
        requests.fail('all', baseErrors.closed('NATS client'))
        onState(state)
        tellClosed()
      }
      return closed
    },
    handOver() {
      shut()
      return { publications: readPublications(outbox.takeAll()), flushes: pongs.takeAll() }
    },
  }
  return client

  // All that is refused is refused here, before anything is written.
  function prepare(subject: string, payload: Uint8Array, headers: Uint8Array | undefined): void {
    checkOpen()
    if (subject !== lastSubject) {
      checkPublish(subject, undefined)
      lastSubject = subject
      publication.subject = Buffer.from(subject)
    }
    publication.payload = payload
    publication.headers = headers
    publication.replyBytes = 0
    const size = payload.length + (headers === undefined ? 0 : headers.length)
    if (size > info.max_payload) throw natsErrors.messageTooLarge(size, info.max_payload)
  }

  function write(token?: number): void {
    const bytes = publicationBytes(publication)
    const isReconnecting = state === 'reconnecting'
    const most = isReconnecting ? maxBufferedBytes : maxPendingBytes
    if (outbox.pendingBytes + bytes > most) {
      const error = natsErrors.publishBufferFull(outbox.pendingBytes, most, isReconnecting)
      if (token === undefined) throw error
      return requests.fail(token, error)
    }
    outbox.reserve(bytes)
    writePublication(outbox, publication)
    askFlush()
  }

  function listenToInbox(): void {
    hasInbox = true
    tell(addInbox().lines)
  }

  function addInbox() {
    return subscriptions.add({ subject: `${requests.prefix}*`, queue: undefined, max: 0, listener: nothing, onFrame: onAnswer })
  }

  function onAnswer(frame: Frame): void {
    const token = readNumber(frame.line, (frame.starts[0] as number) + inboxBytes, frame.ends[0] as number)
    if (token >= 0) requests.settle(token, new BufferedMessage(requests.prefix + token, undefined, frame))
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
    // There is nothing to lose by not waiting for the server.
    if (state !== 'connected' && outbox.pendingBytes === 0) return client.close()
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

  // What a new connection is told anyway need not wait for it.
  function tell(lines: string): void {
    if (state === 'connected') send(lines)
    else if (isLinked) link.socket.write(lines, 'latin1')
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
        if (finished !== undefined) tell(`UNSUB ${finished}\r\n`)
        return
      }
      case Verb.ping:
        return send('PONG\r\n')
      case Verb.pong:
        pingsOut = 0
        return pongs.answer()
      case Verb.info:
        info = readInfo(frame) ?? info
        pool.learn(info, link.address)
        if (info.ldm === true) leave().catch(throwLater)
        return
      case Verb.err:
        return onComplaint(errorText(frame))
      case Verb.ok:
      case Verb.connect:
      case Verb.pub:
      case Verb.hpub:
      case Verb.sub:
      case Verb.unsub:
    }
  }

  function onComplaint(answer: string): void {
    const refused = /^Permissions Violation for Subscription to "([^"]*)"(?: using queue "([^"]*)")?/i.exec(answer)
    const isRefusal = /^Permissions Violation/i.test(answer)
    // What is only forbidden does not end the connection, and explains no later loss.
    const error = isRefusal ? natsErrors.notPermitted(link.address.url, answer) : natsErrors.serverSaid(link.address.url, answer)
    if (!isRefusal) complaint = error
    if (refused !== null && subscriptions.refuse(refused[1] as string, refused[2], error)) return
    options.onError?.(error)
  }

  // A server that is about to stop says so to be left in order: what it has for us comes first, and only then is another one looked for.
  async function leave(): Promise<void> {
    if (isLeaving || pool.size < 2) return
    isLeaving = true
    const from = link
    send(subscriptions.unsubscribeLines())
    await flush().catch(nothing)
    if (state !== 'connected' || link !== from) return
    from.destroy()
    onLost(natsErrors.lameDuck(from.address.url))
  }

  // Subscriptions first, then what was published meanwhile: a reply to it must find its subscriber.
  function adopt(next: Link): void {
    if (next.socket.destroyed) throw natsErrors.connectionLost(next.address.url)
    link = next
    info = next.info
    pool.learn(info, next.address)
    isLinked = true
    heard = true
    complaint = undefined
    pingsOut = 0
    isLeaving = false
    if (!hasInbox && requests.isUsed) {
      hasInbox = true
      addInbox()
    }
    const lines = subscriptions.lines()
    if (lines !== '') link.socket.write(lines, 'latin1')
    cancelPing = clock.after(pingIntervalMs, askWhetherAlive, { background: true })
    if (wasLost && settleMs > 0) cancelOpening = clock.after(settleMs, open)
    else open()
  }

  function open(): void {
    outbox.attach(link.socket)
    state = 'connected'
    askFlush()
    if (wasLost) onState(state)
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
    if (!isLinked) return
    const isNews = state === 'connected'
    isLinked = false
    state = 'reconnecting'
    wasLost = true
    cancelPing()
    cancelOpening()
    outbox.detach()
    pongs.reset()
    tellRoom()
    if (isNews) onState(state, complaint ?? cause)
    reconnect().catch(throwLater)
  }

  async function reconnect(): Promise<void> {
    let told: string | undefined
    for (let attempt = 0; ; attempt++) {
      const round = Math.floor(attempt / pool.size) + 1
      const waitMs = backoffMs(round, { baseMs: reconnectBaseMs, capMs: reconnectCapMs, random })
      try {
        await sleep(waitMs, { clock, signal: stop.signal })
        const server = await pool.next()
        if (server === undefined || stop.signal.aborted) return
        const found = await openLink(server, linkOptions)
        if (stop.signal.aborted) return found.destroy()
        return adopt(found)
      } catch (error) {
        if (stop.signal.aborted) return
        // Whatever kept this attempt from it, the next one may find it gone; only what a person has to mend is told, once.
        const { code, message } = error as { readonly code?: unknown; readonly message: string }
        if ((code !== 'unauthenticated' && code !== 'failed_precondition') || message === told) continue
        told = message
        options.onError?.(error)
      }
    }
  }

  async function connectFirst(): Promise<void> {
    let lastError: unknown
    for (let left = pool.size; left > 0; left--) {
      try {
        const server = await pool.next()
        if (server !== undefined) return adopt(await openLink(server, linkOptions))
      } catch (error) {
        lastError = error
      }
    }
    const { code } = lastError as { readonly code?: unknown }
    if (code === 'unauthenticated' || code === 'failed_precondition') throw lastError
    throw natsErrors.unreachable(pool.urls, lastError)
  }

  function shut(): void {
    state = 'closed'
    isLinked = false
    stop.abort()
    cancelPing()
    cancelOpening()
    outbox.detach()
    link.destroy()
    subscriptions.clear()
    tellRoom()
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
