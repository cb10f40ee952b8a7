import { once } from 'node:events'
import { connect } from 'node:net'
import { rawClient } from '../raw-client.fixture.js'

/** For tests: an endless row of whole numbers, the same for the same seed. */
export type Chance = (below: number) => number

/** For tests: chance from `seed` (xorshift32). */
export function chance(seed: number): Chance {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const verbs = [
  'PUB',
  'HPUB',
  'SUB',
  'UNSUB',
  'PING',
  'PONG',
  'CONNECT',
  'INFO',
  'MSG',
  'HMSG',
  '+OK',
  '-ERR',
  'pub',
  'sUb',
  'RS+',
  'LS+',
  'RMSG',
  'A+',
  '',
  'PUBx',
  'CONNECT{}',
]
const words = [
  'a',
  'a.b',
  'foo',
  'a..b',
  '.a',
  'a.',
  '>',
  '*',
  'a.*',
  'a.>',
  '>.a',
  '$SYS.x',
  '_INBOX.x',
  'g',
  'r.1',
  'ü',
  '\0',
  'x'.repeat(40),
  'a.'.repeat(200),
]
// None of them leaves a payload open for more than 64 bytes: what follows a case then shows its verdict.
const sizes = [
  '0',
  '1',
  '2',
  '5',
  '12',
  '13',
  '64',
  '007',
  '-1',
  '-0',
  '+5',
  '1e9',
  '1e1',
  '0x5',
  '1.5',
  '5 ',
  '',
  '2147483647',
  '2147483648',
  '4294967296',
  '9223372036854775807',
  '9223372036854775808',
  '999999999',
  '99999999999999999999999',
  '１',
]
const ends = ['\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '', '\r\r\n', ' \r\n', '\t\r\n', '\0\r\n']
const blanks = [' ', ' ', ' ', '  ', '\t', ' \t ', '']
const greetings = [
  '{}',
  '{"verbose":false}',
  '{"verbose":false,"pedantic":false,"headers":true,"no_responders":true}',
  '{"verbose":true,"pedantic":true}',
  '{"__proto__":{"verbose":false},"constructor":1}',
  '{"verbose":false,"verbose":true}',
  '{"no_responders":true}',
  '{"protocol":1}',
  '{"protocol":9}',
  '{"name":1}',
  '{"echo":false}',
  '[]',
  'null',
  '"x"',
  '{',
  '{}}',
  '1',
  '{"user":"a","pass":"b"}',
  `{"name":"${'n'.repeat(5000)}"}`,
]

/** For tests: what somebody might send who does not mean well. Half of it is nearly right, since that goes deeper. */
export function hostileCase(random: Chance): Buffer {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T
  let text = random(3) === 0 ? '' : `CONNECT ${pick(greetings.slice(0, 4))}\r\n`
  for (let count = 1 + random(6); count > 0; count--) text += random(2) === 0 ? nearlyRight() : anything()
  const bytes = Buffer.from(text)
  for (let count = random(8) === 0 ? 1 + random(3) : 0; count > 0 && bytes.length > 0; count--) bytes[random(bytes.length)] = random(256)
  return bytes

  function nearlyRight(): string {
    const payload = 'x'.repeat(random(20))
    const headers = 'NATS/1.0\r\n\r\n'
    const off = random(6) === 0 ? random(3) - 1 : 0
    switch (random(7)) {
      case 0:
        return `SUB ${pick(words)} ${random(4) === 0 ? 'g ' : ''}${random(3)}\r\n`
      case 1:
        return `UNSUB ${random(3)}${random(2) === 0 ? ` ${random(4)}` : ''}\r\n`
      case 2:
        return `PUB ${pick(words)} ${random(3) === 0 ? 'r.1 ' : ''}${Math.max(0, payload.length + off)}\r\n${payload}${pick(ends)}`
      case 3:
        return `HPUB ${pick(words)} ${Math.max(0, 12 + off)} ${12 + payload.length}\r\n${headers}${payload}\r\n`
      case 4:
        return `CONNECT ${pick(greetings)}\r\n`
      case 5:
        return `PUB ${pick(words)} ${pick(sizes)}${pick(ends)}${payload}\r\n`
      default:
        return `${pick(['PING', 'PONG'])}${pick(ends)}`
    }
  }

  function anything(): string {
    let line = pick(verbs)
    for (let count = random(5); count > 0; count--) line += pick(blanks) + pick(random(2) === 0 ? words : sizes)
    return line + pick(ends)
  }
}

// Longer than what may be open, and no operation: whatever came before, the connection is at its end after it.
const closing = `\r\n${'z'.repeat(80)}\r\n`

/** For tests: all that a server says to a case, to its end. PINGs of the server are left out. */
export async function verdict(port: number, bytes: Buffer): Promise<string> {
  const client = await rawClient(port)
  client.send(bytes.toString('latin1') + closing)
  const said = await client.ended()
  client.close()
  return said.replaceAll(/(?<=^|\r\n)PING\r\n/g, '')
}

/** For tests: sends a case in pieces that `random` cuts, and goes away without reading to the end. */
export async function hitAndRun(port: number, bytes: Buffer, random: Chance): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const cut = random(bytes.length + 1)
  for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)])
    if (!socket.destroyed && piece.length > 0) await new Promise((resolve) => socket.write(piece, resolve))
  if (random(2) === 0) socket.destroy()
  else socket.end()
  socket.resume()
  if (!socket.closed) await once(socket, 'close').catch(() => undefined)
}
