import type { Socket } from 'node:net'
import type { Cancel, Clock } from '../../base/index.js'
import { messageBytes, writeMessage } from '../wire/encode.js'
import { asksForLogin, firstAgreement, readConnect, type Agreement, type Credentials } from './handshake.js'
import { Outbox, type SlabPool } from '../wire/outbox.js'
import { argument, hasReply, natsParser, type Frame, type NatsParser, type ProtocolFault } from '../wire/parser.js'
import { readNumber, Verb } from '../wire/verbs.js'
import { errorTexts, stallMs } from '../wire/protocol.js'
import { emptyRoute, type Peer, type RouteMemory, type Router, type ServerSubscription } from './router.js'
import { isLiteralSubject, isSubject, subjectMatches } from '../wire/subject.js'

/** What all connections of a server share. */
export interface Hub {
  readonly router: Router
  readonly pool: SlabPool
  readonly clock: Clock
  readonly credentials: Credentials
  readonly maxControlLineBytes: number
  readonly maxPayloadBytes: number
  readonly maxPendingBytes: number
  /** Flushes it at the end of this tick. */
  flushSoon(connection: ServerConnection): void
  /** Called once, when the connection begins to end. */
  onEnding(connection: ServerConnection, reason: string): void
}

const authenticationTimeoutMs = 2000
// How long the last bytes may take to be read before the socket is destroyed.
const lingerMs = 1000
const maxPingsOut = 2
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
  /** Set when nothing is taken or given any more. */
  ending = false
  agreement: Agreement = firstAgreement
  readonly #hub: Hub
  readonly #parser: NatsParser
  readonly #subscriptions = new Map<string, ServerSubscription>()
  #pingsOut = 0
  #heard = false
  #stalled = false
  #cancelLogin: Cancel | undefined
  #cancelLinger: Cancel | undefined

  constructor(id: number, socket: Socket, hub: Hub) {
    this.id = id
    this.socket = socket
    this.#hub = hub
    this.outbox = new Outbox(hub.pool)
    this.outbox.attach(socket)
    this.#parser = natsParser({
      side: 'server',
      maxControlLineBytes: hub.maxControlLineBytes,
      maxPayloadBytes: hub.maxPayloadBytes,
      onFrame: (frame) => this.#onFrame(frame),
    })
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    // 'close' always follows, and that is where it is dealt with.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.end('closed by the client')
      this.#cancelLinger?.()
    })
    if (asksForLogin(hub.credentials)) {
      this.#parser.connectOnly = true
      this.#cancelLogin = hub.clock.after(
        authenticationTimeoutMs,
        () => this.end(errorTexts.authenticationTimeout, errorTexts.authenticationTimeout),
        {
          background: true,
        },
      )
    }
  }

  get echo(): boolean {
    return this.agreement.echo
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size
  }

  /** Writes protocol text. */
  send(text: string): void {
    if (this.ending) return
    // Answers count as well: whoever asks without end and reads nothing is a slow consumer too.
    if (this.outbox.pendingBytes + text.length > this.#hub.maxPendingBytes) return this.#endSlow()
    this.outbox.text(text)
    this.#hub.flushSoon(this)
  }

  deliver(subscription: ServerSubscription, frame: Frame, origin: Peer): boolean {
    if (this.ending) return false
    const { outbox } = this
    const withHeaders = frame.headerBytes > 0 && this.agreement.headers
    const bytes = messageBytes(frame, subscription.sidBytes)
    const pendingBytes = outbox.pendingBytes + bytes
    if (pendingBytes > this.#hub.maxPendingBytes) {
      this.#endSlow()
      return false
    }
    if (pendingBytes > this.#hub.maxPendingBytes / 2) origin.stall()
    if (outbox.pendingBytes === outbox.inFlightBytes) this.#hub.flushSoon(this)

    writeMessage(outbox, subscription.sidBytes, frame, withHeaders)
    return true
  }

  drop(subscription: ServerSubscription): void {
    subscription.gone = true
    this.#subscriptions.delete(subscription.sid)
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

  /** Asks whether anybody is there, unless it was heard of since the last time; ends what has not answered twice. */
  ping(): void {
    if (this.ending) return
    if (this.#heard) {
      this.#heard = false
      return
    }
    if (this.#pingsOut >= maxPingsOut) return this.end(errorTexts.staleConnection, errorTexts.staleConnection)
    this.#pingsOut++
    this.send('PING\r\n')
  }

  /** Takes and gives nothing any more; what waits, and `text` as the last word, goes out first. Twice is once. */
  end(reason: string, text?: string): void {
    if (this.ending) return
    this.ending = true
    this.#parser.stop()
    this.#cancelLogin?.()
    for (const subscription of this.#subscriptions.values()) this.drop(subscription)
    if (text !== undefined) this.outbox.text(`-ERR '${text}'\r\n`)
    this.#hub.onEnding(this, reason)
    if (this.socket.destroyed) return
    this.#finish()
    this.#cancelLinger = this.#hub.clock.after(lingerMs, () => this.socket.destroy(), { background: true })
  }

  #endSlow(): void {
    this.outbox.discard()
    this.end(errorTexts.slowConsumer, errorTexts.slowConsumer)
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
        this.#pingsOut = 0
        return
      case Verb.err:
        return this.end('the client reported an error')
      case Verb.info:
      case Verb.ok:
      case Verb.msg:
      case Verb.hmsg:
    }
  }

  #onPublish(frame: Frame): void {
    const { agreement } = this
    if (frame.verb === Verb.hpub && !agreement.headers) return this.end('message headers not supported')
    if (agreement.verbose) this.send('+OK\r\n')
    if (agreement.pedantic && !isLiteralSubject(argument(frame, 0))) this.send(`-ERR '${errorTexts.invalidPublishSubject}'\r\n`)
    const reached = this.#hub.router.publish(frame, this)
    if (!reached && agreement.noResponders && hasReply(frame)) this.#sayNobody(argument(frame, 1))
  }

  #sayNobody(reply: string): void {
    for (const { subject, sid } of this.#subscriptions.values())
      if (subjectMatches(subject, reply)) return this.send(`HMSG ${reply} ${sid} 16 16\r\nNATS/1.0 503\r\n\r\n\r\n`)
  }

  #onSubscribe(frame: Frame): void {
    const { count } = frame
    if (count !== 2 && count !== 3) return this.end('bad-arguments')
    const subject = argument(frame, 0)
    if (!isSubject(subject)) return this.send(`-ERR '${errorTexts.invalidSubject}'\r\n`)
    const sid = argument(frame, count - 1)
    // A number that is in use stays what it was, as with nats-server: a client that connects again may say it twice.
    if (!this.#subscriptions.has(sid)) {
      const queue = count === 3 ? argument(frame, 1) : undefined
      const subscription = { subject, queue, sid, sidBytes: Buffer.from(sid, 'latin1'), owner: this, received: 0, max: 0, gone: false }
      this.#subscriptions.set(sid, subscription)
      this.#hub.router.subscriptions.insert(subscription)
    }
    if (this.agreement.verbose) this.send('+OK\r\n')
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

  #onConnect(frame: Frame): void {
    const outcome = readConnect(frame.line.toString('utf8', frame.argsStart, frame.argsEnd), this.agreement, this.#hub.credentials)
    if ('refused' in outcome) return this.end(outcome.text ?? 'bad-arguments', outcome.text)
    this.agreement = outcome.agreement
    this.#parser.connectOnly = false
    this.#cancelLogin?.()
    if (this.agreement.verbose) this.send('+OK\r\n')
  }
}
