import type { Socket } from 'node:net'
import type { Cancel, Clock } from '../../base/index.js'
import { messageBytes, writeMessage } from '../wire/encode.js'
import { Outbox, type SlabPool } from '../wire/outbox.js'
import { argument, hasReply, natsParser, type Frame, type NatsParser, type ProtocolFault } from '../wire/parser.js'
import { errorTexts, stallMs, violation } from '../wire/protocol.js'
import { isLiteralSubject, isSubject } from '../wire/subject.js'
import { readNumber, Verb } from '../wire/verbs.js'
import { anybody, firstAgreement, isJsonObject, readConnect, type Agreement, type Credentials, type Login } from './handshake.js'
import type { ServerLimits } from './options.js'
import { responses, type Responses } from './responses.js'
import { emptyRoute, isRouteOf, type Peer, type RouteMemory, type Router, type ServerSubscription } from './router.js'

/** What all connections of a server share. */
export interface Hub {
  readonly router: Router
  readonly pool: SlabPool
  readonly clock: Clock
  readonly credentials: Credentials
  readonly limits: ServerLimits
  /** Flushes it at the end of this tick. */
  flushSoon(connection: ServerConnection): void
  /** Called once, when the connection begins to end. `detail` says more than `reason` where there is more to say. */
  onEnding(connection: ServerConnection, reason: string, detail?: string): void
}

// How long the last bytes may take to be read before the socket is destroyed.
const lingerMs = 1000
const maxWriteBytes = 1024 * 1024
const faultTexts: Record<ProtocolFault, string | undefined> = {
  'unknown-operation': errorTexts.unknownOperation,
  'control-line': errorTexts.controlLine,
  'max-payload': errorTexts.maxPayload,
  'not-authenticated': errorTexts.authorization,
  // nats-server says nothing here either.
  'bad-arguments': undefined,
}

/** One client's socket at the server. A class, since it has identity and its fields are read for every message. */
export class ServerConnection implements Peer {
  readonly id: number
  readonly socket: Socket
  readonly outbox: Outbox
  readonly route: RouteMemory = emptyRoute()
  readonly counts = { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 }
  /** Wall-clock milliseconds. */
  readonly startedAt: number
  /** Wall-clock milliseconds, when something was read or written last. */
  activeAt: number
  /** From a PING to its PONG, in milliseconds; undefined before the first. */
  rttMs: number | undefined
  /** Set when nothing is taken or given any more. */
  ending = false
  /** The hub flushes it at the end of this tick. */
  isDue = false
  agreement: Agreement = firstAgreement
  login: Login = anybody
  readonly #hub: Hub
  readonly #parser: NatsParser
  readonly #subscriptions = new Map<string, ServerSubscription>()
  // Those of whose messages some are denied; undefined while there are none, which is nearly always.
  #filtered: Set<ServerSubscription> | undefined
  #responses: Responses | undefined
  #pingsOut = 0
  #pingedMs = 0
  #heard = false
  #stalled = false
  #seenWrites = 0
  #stuckSinceMs = 0
  #cancelLogin: Cancel | undefined
  #cancelLinger: Cancel | undefined

  constructor(id: number, socket: Socket, hub: Hub) {
    const { clock, limits, credentials } = hub
    this.id = id
    this.socket = socket
    this.startedAt = this.activeAt = clock.now()
    this.#hub = hub
    this.outbox = new Outbox(hub.pool, maxWriteBytes)
    this.outbox.attach(socket)
    this.#parser = natsParser({
      side: 'server',
      maxControlLineBytes: limits.maxControlLineBytes,
      maxPayloadBytes: limits.maxPayloadBytes,
      onFrame: (frame) => this.#onFrame(frame),
    })
    this.#parser.withoutHeaders = !firstAgreement.headers
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    // 'close' always follows, and that is where it is dealt with.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.end('closed by the client')
      this.#cancelLinger?.()
    })
    if (!credentials.isAsked) return
    this.#parser.connectOnly = true
    const tooLate = () => this.end(errorTexts.authenticationTimeout, errorTexts.authenticationTimeout)
    this.#cancelLogin = clock.after(limits.authenticationTimeoutMs, tooLate, { background: true })
  }

  get echo(): boolean {
    return this.agreement.echo
  }

  get subscriptions(): Iterable<ServerSubscription> & { readonly size: number } {
    return { size: this.#subscriptions.size, [Symbol.iterator]: () => this.#subscriptions.values() }
  }

  /** Writes protocol text. */
  send(text: string): void {
    if (this.ending) return
    const { maxPendingBytes } = this.#hub.limits
    // Answers count as well: whoever asks without end and reads nothing is a slow consumer too.
    if (this.outbox.pendingBytes + text.length > maxPendingBytes) return this.#endSlow(`MaxPending of ${maxPendingBytes} Exceeded`)
    this.outbox.text(text)
    this.#hub.flushSoon(this)
  }

  deliver(subscription: ServerSubscription, frame: Frame, origin: Peer): boolean {
    if (this.ending) return false
    if (this.#filtered?.has(subscription) === true && this.#isDenied(subscription, frame)) return false
    const { outbox } = this
    const { maxPendingBytes } = this.#hub.limits
    const withHeaders = frame.headerBytes > 0 && this.agreement.headers
    const pendingBytes = outbox.pendingBytes + messageBytes(frame, subscription.sidBytes)
    if (pendingBytes > maxPendingBytes) {
      this.#endSlow(`MaxPending of ${maxPendingBytes} Exceeded`)
      return false
    }
    if (pendingBytes > maxPendingBytes / 2) origin.stall()
    if (!this.isDue) this.#hub.flushSoon(this)
    if (this.#responses !== undefined && hasReply(frame)) this.#responses.note(argument(frame, 1))

    const { counts } = this
    counts.messagesOut++
    counts.bytesOut += frame.bodyEnd - frame.bodyStart
    writeMessage(outbox, subscription.sidBytes, frame, withHeaders)
    return true
  }

  drop(subscription: ServerSubscription): void {
    subscription.gone = true
    this.#subscriptions.delete(subscription.sid)
    this.#filtered?.delete(subscription)
    this.#hub.router.subscriptions.remove(subscription)
  }

  stall(): void {
    if (this.#stalled || this.ending) return
    this.#stalled = true
    this.socket.pause()
    this.#hub.clock.after(stallMs, () => {
      this.#stalled = false
      this.socket.resume()
    })
  }

  /** Asks whether anybody is there, unless it was heard of since the last time; ends what has not answered as often as it may. */
  ping(): void {
    if (this.ending) return
    if (this.#heard) {
      this.#heard = false
      return
    }
    if (this.#pingsOut >= this.#hub.limits.maxPingsOut) return this.end(errorTexts.staleConnection, errorTexts.staleConnection)
    this.#pingsOut++
    this.#pingedMs = this.#hub.clock.monotonicMs()
    this.send('PING\r\n')
  }

  /** Ends it when a write has been under way for too long. To be called from time to time. */
  checkWrite(nowMs: number): void {
    const { outbox } = this
    const { writeDeadlineMs } = this.#hub.limits
    if (outbox.inFlightBytes === 0 || outbox.writes !== this.#seenWrites) {
      this.#seenWrites = outbox.writes
      this.#stuckSinceMs = nowMs
    } else if (!this.ending && nowMs - this.#stuckSinceMs >= writeDeadlineMs)
      this.#endSlow(`WriteDeadline of ${writeDeadlineMs}ms exceeded with ${outbox.pendingBytes} total bytes`)
  }

  /** Takes and gives nothing any more; what waits, and `text` as the last word, goes out first. Twice is once. */
  end(reason: string, text?: string, detail?: string): void {
    if (this.ending) return
    this.ending = true
    this.#parser.stop()
    this.#cancelLogin?.()
    for (const subscription of this.#subscriptions.values()) this.drop(subscription)
    if (text !== undefined) this.outbox.text(`-ERR '${text}'\r\n`)
    this.#hub.onEnding(this, reason, detail)
    if (this.socket.destroyed) return
    this.#finish()
    this.#cancelLinger = this.#hub.clock.after(lingerMs, () => this.socket.destroy(), { background: true })
  }

  #endSlow(detail: string): void {
    this.outbox.discard()
    this.end(errorTexts.slowConsumer, errorTexts.slowConsumer, detail)
  }

  // Reading goes on meanwhile (and is thrown away): a socket that is closed with unread data resets the connection, and the last word is lost.
  #finish(): void {
    if (this.outbox.pendingBytes === 0) return void this.socket.end()
    this.outbox.onWritten = () => {
      if (this.outbox.pendingBytes === 0) this.socket.end()
    }
    this.outbox.flush()
  }

  #onData(chunk: Buffer): void {
    if (this.ending) return
    this.#heard = true
    this.activeAt = this.#hub.clock.now()
    const fault = this.#parser.push(chunk)
    if (fault !== undefined) this.end(fault, faultTexts[fault])
  }

  #onFrame(frame: Frame): void {
    switch (frame.verb) {
      case Verb.pub:
      case Verb.hpub:
        return this.#onPublish(frame)
      case Verb.sub:
        return this.#onSubscribe(frame)
      case Verb.unsub:
        return this.#onUnsubscribe(frame)
      case Verb.connect:
        return this.#onConnect(frame)
      case Verb.ping:
        return this.send('PONG\r\n')
      case Verb.pong:
        return this.#onPong()
      case Verb.err:
        return this.end('the client reported an error')
      case Verb.info:
        // nats-server reads it, for nothing, and ends what it cannot read.
        return isJsonObject(argumentsOf(frame)) ? undefined : this.end('bad-arguments')
      case Verb.ok:
      case Verb.msg:
      case Verb.hmsg:
    }
  }

  #onPublish(frame: Frame): void {
    const { agreement, counts } = this
    counts.messagesIn++
    counts.bytesIn += frame.bodyEnd - frame.bodyStart
    if (agreement.pedantic && !isLiteralSubject(argument(frame, 0))) this.send(`-ERR '${errorTexts.invalidPublishSubject}'\r\n`)
    if (this.login.permit !== undefined && !this.#wasAllowed(frame) && !this.#mayPublish(argument(frame, 0))) return
    if (agreement.verbose) this.send('+OK\r\n')
    const reached = this.#hub.router.publish(frame, this)
    if (!reached && agreement.noResponders && hasReply(frame)) this.#sayNobody(argument(frame, 1))
  }

  // Most publish to one subject many times in a row, and what was routed was allowed; an answer is counted each time.
  #wasAllowed(frame: Frame): boolean {
    return this.#responses === undefined && isRouteOf(this.route, frame)
  }

  #mayPublish(subject: string): boolean {
    const { permit } = this.login
    if (permit === undefined || permit.mayPublish(subject)) return true
    if (this.#responses !== undefined && permit.mayAnswer(subject) && this.#responses.take(subject)) return true
    this.send(`-ERR '${violation.publish(subject)}'\r\n`)
    return false
  }

  // Found in the list of all, as an attacker may have very many subscriptions of its own.
  #sayNobody(reply: string): void {
    const own = this.#hub.router.subscriptions.match(reply).plain.find((subscription) => subscription.owner === this)
    if (own !== undefined) this.send(`HMSG ${reply} ${own.sid} 16 16\r\nNATS/1.0 503\r\n\r\n\r\n`)
  }

  #onSubscribe(frame: Frame): void {
    const { count } = frame
    if (count !== 2 && count !== 3) return this.end('bad-arguments')
    const subject = argument(frame, 0)
    const queue = count === 3 ? argument(frame, 1) : undefined
    const sid = argument(frame, count - 1)
    const { permit } = this.login
    if (permit?.maySubscribe(subject, queue) === false) return this.send(`-ERR '${violation.subscribe(subject, queue)}'\r\n`)
    if (this.#subscriptions.size >= this.#hub.limits.maxSubscriptions) return this.send(`-ERR '${errorTexts.maxSubscriptions}'\r\n`)
    // A number that is in use stays what it was, as with nats-server: a client that connects again may say it twice.
    if (!this.#subscriptions.has(sid)) {
      if (!isSubject(subject)) return this.send(`-ERR '${errorTexts.invalidSubject}'\r\n`)
      const subscription = { subject, queue, sid, sidBytes: Buffer.from(sid, 'latin1'), owner: this, received: 0, max: 0, gone: false }
      this.#subscriptions.set(sid, subscription)
      this.#filter(subscription)
      this.#hub.router.subscriptions.insert(subscription)
    }
    if (this.agreement.verbose) this.send('+OK\r\n')
  }

  #filter(subscription: ServerSubscription): void {
    if (this.login.permit?.isPartlyDenied(subscription.subject, subscription.queue) === true)
      (this.#filtered ??= new Set()).add(subscription)
  }

  #isDenied({ queue }: ServerSubscription, frame: Frame): boolean {
    return this.login.permit?.isDenied(argument(frame, 0), queue) === true
  }

  #onUnsubscribe(frame: Frame): void {
    if (frame.count > 2) return this.end('bad-arguments')
    const subscription = this.#subscriptions.get(argument(frame, 0))
    const max = frame.count === 2 ? readNumber(frame.line, frame.starts[1] as number, frame.ends[1] as number) : 0
    if (subscription !== undefined) {
      if (max > subscription.received) subscription.max = max
      else this.drop(subscription)
    }
    if (this.agreement.verbose) this.send('+OK\r\n')
  }

  #onPong(): void {
    if (this.#pingsOut > 0) this.rttMs = this.#hub.clock.monotonicMs() - this.#pingedMs
    this.#pingsOut = 0
  }

  #onConnect(frame: Frame): void {
    const outcome = readConnect(argumentsOf(frame), this.agreement, this.#hub.credentials)
    if ('refused' in outcome) return this.end(outcome.text ?? 'bad-arguments', outcome.text)
    this.agreement = outcome.agreement
    if (outcome.login !== this.login) this.#become(outcome.login)
    this.#parser.connectOnly = false
    this.#parser.withoutHeaders = !outcome.agreement.headers
    this.#cancelLogin?.()
    if (this.agreement.verbose) this.send('+OK\r\n')
  }

  // A second CONNECT may be somebody else's, who must not inherit what the first was allowed to hear.
  #become(login: Login): void {
    const { permit } = login
    this.login = login
    this.route.length = -1
    this.#responses = permit?.responses === undefined ? undefined : responses(permit.responses, this.#hub.clock)
    this.#filtered = undefined
    for (const subscription of this.#subscriptions.values()) {
      const { subject, queue } = subscription
      if (permit?.maySubscribe(subject, queue) === false) {
        this.drop(subscription)
        this.send(`-ERR '${violation.subscribe(subject, queue)}'\r\n`)
      } else this.#filter(subscription)
    }
  }
}

const argumentsOf = (frame: Frame) => frame.line.toString('utf8', frame.argsStart, frame.argsEnd)
