import { Duplex } from 'node:stream'

/** How the bytes of one direction are cut: the segments of what was written at once. */
export type Cut = (bytes: Buffer) => readonly Buffer[]

/** What a pair of duplexes does on the way. */
export interface DuplexOptions {
  /** @default as they were written */
  readonly cut?: Cut
  /** Sees all bytes of the first end, and those of the second. */
  readonly tap?: (from: 'client' | 'server', bytes: Buffer) => void
}

/**
 * Two ends of a connection in memory, with the back-pressure of a socket: a write is done when the other end has room for it. Bytes are copied, as the kernel does, and arrive
 * one segment a turn.
 */
export function duplexPair(options: DuplexOptions = {}): readonly [client: Duplex, server: Duplex] {
  const { cut = (bytes) => [bytes], tap } = options
  const ends: Duplex[] = []
  const end = (name: 'client' | 'server', other: () => Duplex): Duplex => {
    let onRead: (() => void) | undefined
    const duplex = new Duplex({
      allowHalfOpen: false,
      highWaterMark: 65_536,
      read() {
        const resume = onRead
        onRead = undefined
        resume?.()
      },
      write(chunk: Buffer, _, done) {
        const bytes = Buffer.from(chunk)
        tap?.(name, bytes)
        setImmediate(() => deliver(other(), [...cut(bytes)], done))
      },
      final(done) {
        if (!other().destroyed) other().push(null)
        done()
      },
      destroy(error, done) {
        const peer = other() as Duplex | undefined
        if (peer !== undefined && !peer.destroyed && !peer.readableEnded) process.nextTick(() => peer.destroyed || peer.push(null))
        done(error)
      },
    })
    Object.assign(duplex, { whenRead: (run: () => void) => (onRead = run) })
    return duplex
  }
  const deliver = (to: Duplex, segments: Buffer[], done: () => void): void => {
    const next = segments.shift()
    if (next === undefined) return done()
    if (to.destroyed || to.readableEnded) return done()
    const hasRoom = to.push(next)
    const goOn = () => setImmediate(() => deliver(to, segments, done))
    if (!hasRoom) (to as Duplex & { whenRead(run: () => void): void }).whenRead(goOn)
    else if (segments.length === 0) done()
    else goOn()
  }
  ends.push(
    end('client', () => ends[1] as Duplex),
    end('server', () => ends[0] as Duplex),
  )
  return [ends[0] as Duplex, ends[1] as Duplex]
}

/** Pieces of `bytes` of `size` each; the last may be shorter. */
export function piecesOf(size: number): Cut {
  return (bytes) => Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
}
