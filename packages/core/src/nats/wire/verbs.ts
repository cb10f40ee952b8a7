/** The operations of the protocol, as numbers: they are compared for every message. */
export const Verb = { connect: 1, pub: 2, hpub: 3, sub: 4, unsub: 5, msg: 6, hmsg: 7, info: 8, ping: 9, pong: 10, ok: 11, err: 12 } as const
export type Verb = (typeof Verb)[keyof typeof Verb]

/** The non-negative number that stands there in 1 to 9 digits, or -1. */
export function readNumber(buffer: Buffer, start: number, end: number): number {
  if (end - start < 1 || end - start > 9) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (buffer[at] as number) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** The operation that `length` bytes name, in letters of either case, or undefined. nats-server reads PING, PONG and +OK by their first letters only, and so does this. */
export function verbOf(buffer: Buffer, at: number, length: number, side: 'server' | 'client'): Verb | undefined {
  const first = (buffer[at] as number) | 32
  const onServer = side === 'server'
  if (length === 3 && first === 112) return onServer && is(buffer, at, 'pub') ? Verb.pub : undefined
  if (length === 3 && first === 109) return !onServer && is(buffer, at, 'msg') ? Verb.msg : undefined
  if (length >= 4 && first === 112) {
    if (is(buffer, at, 'ping')) return Verb.ping
    return is(buffer, at, 'pong') ? Verb.pong : undefined
  }
  if (length === 4 && first === 104) {
    if (is(buffer, at, 'hpub')) return onServer ? Verb.hpub : undefined
    return !onServer && is(buffer, at, 'hmsg') ? Verb.hmsg : undefined
  }
  if (length === 3 && first === 115) return onServer && is(buffer, at, 'sub') ? Verb.sub : undefined
  if (length === 5 && first === 117) return onServer && is(buffer, at, 'unsub') ? Verb.unsub : undefined
  if (length >= 7 && first === 99) return onServer && is(buffer, at, 'connect') ? Verb.connect : undefined
  if (length >= 4 && first === 105) return is(buffer, at, 'info') ? Verb.info : undefined
  if (length >= 3 && buffer[at] === 43) return is(buffer, at + 1, 'ok') ? Verb.ok : undefined
  if (length === 4 && buffer[at] === 45) return is(buffer, at + 1, 'err') ? Verb.err : undefined
  return undefined
}

function is(buffer: Buffer, at: number, word: string): boolean {
  for (let index = 0; index < word.length; index++) if (((buffer[at + index] as number) | 32) !== word.charCodeAt(index)) return false
  return true
}
