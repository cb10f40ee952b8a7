import type { Duplex } from 'node:stream'
import { type Cancel, type Clock, MicroError } from '../../base/index.js'
import { readError, writeError } from './error-body.js'
import { nativeErrors } from './errors.js'
import { firstSkippableType, type Frame, frameFlag, frameOf, frameType } from './frame.js'
import type { Formats } from './formats.js'
import { type Keepalive, keepalive } from './keepalive.js'
import { Outbox } from './outbox.js'
import { preface } from './preface.js'
import { Reader } from './reader.js'
import { type Hello, type NativeSettings, readHello, writeHello } from './settings.js'

/** What a link is made of. */
export interface LinkOptions {
  readonly socket: Duplex
  readonly clock: Clock
  readonly settings: NativeSettings
  readonly formats: Formats
  /** The end that speaks second, and stops reading while what it has written is not read. */
  readonly isServer: boolean
}

/** What a link tells the end that it belongs to. */
export interface LinkEvents {
  /** The other side has introduced itself. */
  onHello(peer: Hello): void
  /** A frame that is not the link's own: CALL to CHUNK, and streams. What is thrown ends the connection with a GOAWAY. */
  onFrame(frame: Frame): void
  /** The other side begins nothing any more. */
  onDrain(): void
  /** It has ended; `error` says why. Called once. */
  onClosed(error: MicroError): void
}

// As long as a GOAWAY needs to get out of a socket whose other side still reads.
const lingerMs = 1000

/** A connection without its calls: preface, HELLO, pings, GOAWAY, the end. */
export class Link {
  readonly outbox: Outbox
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  readonly #reader: Reader
  readonly #keepalive: Keepalive
  #cancelHandshake: Cancel
  #hasHello = false
  #isClosed = false
  #isIntroduced = false
  #isPongOwed = false
  #isPaused = false
  #ended!: () => void
  /** Resolves when the socket is closed. */
  readonly closed = new Promise<void>((resolve) => {
    this.#ended = resolve
  })

  constructor(options: LinkOptions, events: LinkEvents) {
    const { socket, clock, settings, isServer } = options
    this.#options = options
    this.#events = events
    this.outbox = new Outbox(socket)
    this.#reader = new Reader(
      () => {
        if (isServer) this.#introduce()
      },
      (frame) => this.#read(frame),
    )
    this.#keepalive = keepalive({
      clock,
      pingMs: settings.pingMs,
      pongMs: settings.pongMs,
      ping: () => this.send(frameOf(frameType.ping, 0, 0)),
      dead: (silentMs) => this.fail(nativeErrors.peerSilent(silentMs)),
      idle: () => this.outbox.shrink(),
    })
    this.#cancelHandshake = clock.after(settings.handshakeMs, () => this.fail(nativeErrors.handshakeTimeout(settings.handshakeMs)))
    // A tick is one write already; to wait for more would add 40 ms.
    ;(socket as Duplex & { setNoDelay?(isOn: boolean): unknown }).setNoDelay?.(true)
    if (!isServer) this.#introduce()
  }

  /** Begins to read; `head` is what was read of the socket before. */
  start(head?: Uint8Array): void {
    const { socket } = this.#options
    socket.on('error', (error) => this.#lost(error))
    socket.on('end', () => this.#lost())
    socket.on('close', () => {
      this.#lost()
      this.#ended()
    })
    if (socket.destroyed) {
      this.#lost()
      this.#ended()
      return
    }
    if (head !== undefined && head.length > 0) this.#receive(Buffer.from(head.buffer, head.byteOffset, head.byteLength))
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    if (!this.#isClosed) socket.resume()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Writes a frame that is ready. */
  send(frame: Buffer): void {
    if (this.#isClosed) return
    const { outbox } = this
    const at = outbox.reserve(frame.length)
    outbox.buffer.set(frame, at)
    outbox.commit(at + frame.length)
  }

  /** Says that nothing new is begun on this side. */
  drain(error: MicroError): void {
    this.send(frameOf(frameType.goaway, frameFlag.drain, 0, writeError(error)))
  }

  /** Ends the connection, and says why. Twice is once. */
  fail(error: MicroError): void {
    if (this.#isClosed) return
    if (this.#isIntroduced) this.send(frameOf(frameType.goaway, 0, 0, writeError(error)))
    this.close(error)
  }

  /** Ends the connection once all that was written is out. Twice is once. */
  close(error: MicroError): void {
    if (this.#isClosed) return
    const { socket, clock } = this.#options
    this.outbox.flush()
    this.#finish(error)
    if (socket.destroyed) return
    // What still comes is thrown away: unread bytes would make the system reset the connection, and the last words would be lost with it.
    socket.removeAllListeners('data')
    socket.resume()
    socket.end()
    const cancel = clock.after(lingerMs, () => socket.destroy(), { background: true })
    socket.once('close', cancel)
  }

  #introduce(): void {
    const { settings, formats } = this.#options
    this.#isIntroduced = true
    this.send(Buffer.concat([preface(), frameOf(frameType.hello, 0, 0, writeHello(settings, formats.names))]))
  }

  #receive(chunk: Buffer): void {
    const { outbox } = this
    this.#keepalive.heard()
    outbox.hold()
    try {
      this.#reader.push(chunk)
    } catch (error) {
      this.#refuse(MicroError.from(error))
    }
    outbox.release()
    if (this.#options.isServer && outbox.isClogged) this.#pause()
  }

  // What is not our protocol hears nothing of ours, but that another version is spoken here.
  #refuse(error: MicroError): void {
    if (error.reason === 'PREFACE_INVALID') return this.close(error)
    if (error.reason === 'VERSION_UNSUPPORTED' && this.#options.isServer) this.#introduce()
    this.fail(error)
  }

  #read(frame: Frame): void {
    const { type } = frame
    if (!this.#hasHello) return this.#hello(frame)
    switch (type) {
      case frameType.ping:
        return this.#answerPing()
      case frameType.pong:
        return
      case frameType.goaway:
        return this.#goaway(frame)
      case frameType.define:
        return this.#options.formats.learn(frame.id, frame.buffer.subarray(frame.start, frame.end))
      case frameType.hello:
        throw nativeErrors.protocolBroken('a second HELLO')
      default:
        if (type < firstSkippableType) this.#events.onFrame(frame)
    }
    if (this.#options.isServer && this.outbox.isClogged) this.#pause()
  }

  #hello(frame: Frame): void {
    if (frame.type !== frameType.hello) throw nativeErrors.protocolBroken(`the first frame is a HELLO, not one of type ${frame.type}`)
    const peer = readHello(frame.buffer.subarray(frame.start, frame.end))
    this.#hasHello = true
    this.#cancelHandshake()
    this.#options.formats.agree(peer.codecs)
    this.outbox.chunks.maxActive = peer.maxParts
    this.#events.onHello(peer)
  }

  // Of a thousand pings that come while nothing can be written, one is answered.
  #answerPing(): void {
    if (this.#isPongOwed) return
    this.#isPongOwed = true
    this.outbox.whenDrained(() => {
      this.#isPongOwed = false
      this.send(frameOf(frameType.pong, 0, 0))
    })
  }

  #goaway({ buffer, start, end, flags }: Frame): void {
    const error = readError(buffer.subarray(start, end))
    if ((flags & frameFlag.drain) === 0) this.close(error)
    else this.#events.onDrain()
  }

  // A peer that asks and does not read its answers is read no further, so that they cannot pile up here.
  #pause(): void {
    const { socket } = this.#options
    this.outbox.flush()
    if (!this.outbox.isClogged || this.#isClosed || this.#isPaused) return
    this.#isPaused = true
    this.#reader.pause()
    socket.pause()
    this.outbox.whenDrained(() => {
      this.#isPaused = false
      if (this.#isClosed) return
      socket.resume()
      this.outbox.hold()
      try {
        this.#reader.resume()
      } catch (error) {
        this.#refuse(MicroError.from(error))
      }
      this.outbox.release()
    })
  }

  #lost(cause?: Error): void {
    if (this.#isClosed) return
    const { socket } = this.#options
    this.#finish(MicroError.from(cause ?? new Error('the other side ended it')))
    socket.destroy()
  }

  #finish(error: MicroError): void {
    this.#isClosed = true
    this.#reader.stop()
    this.#keepalive.stop()
    this.#cancelHandshake()
    this.outbox.close()
    this.#events.onClosed(error)
  }
}
