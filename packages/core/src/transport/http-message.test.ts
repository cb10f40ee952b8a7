import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpReader, HttpReadError, type HttpMessage } from './http-message.js'

const head = 'HTTP/1.1 200 OK\r\n'

/** Reads `text`, cut into pieces of `size` bytes. */
function readAll(text: string | Buffer, size: number, maxBytes = 1000): HttpMessage[] {
  const bytes = Buffer.from(text as string)
  const reader = httpReader({ maxBytes })
  const messages: HttpMessage[] = []
  for (let at = 0; at < bytes.length; at += size) {
    let message = reader.push(bytes.subarray(at, at + size))
    while (message !== undefined) {
      messages.push(message)
      message = reader.push(Buffer.alloc(0))
    }
  }
  const last = reader.end()
  return last === undefined ? messages : [...messages, last]
}

function bodies(messages: readonly HttpMessage[]): string[] {
  return messages.map((message) => Buffer.from(message.body).toString())
}

test('httpReader() reads messages that come in pieces of any size', () => {
  const text = [
    `${head}Content-Length: 5\r\nFoo: Bäz ☃\r\n\r\nhello`,
    `${head}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n`,
    `${head}transfer-encoding: Chunked\r\n\r\n1\r\nz\r\n0\r\ntrailer: yes\r\n\r\n`,
    `HTTP/1.1 100 Continue\r\n\r\n${head}content-length: 0\r\n\r\n`,
    `HTTP/1.1 204 No Content\r\n\r\n`,
  ].join('')
  for (let size = 1; size <= text.length; size++) {
    const messages = readAll(text, size)

    assert.deepEqual(bodies(messages), ['hello', 'abc0123456789', 'z', '', ''], `pieces of ${size}`)
    assert.equal(messages[0]?.header['foo'], 'Bäz ☃')
  }
})

test('httpReader() takes the end of the connection for the end of a body without a length', () => {
  assert.deepEqual(bodies(readAll(`${head}\r\nall of it`, 4)), ['all of it'])
})

test('httpReader() joins a header that comes twice', () => {
  assert.equal(readAll(`${head}a: 1\r\nA: 2\r\ncontent-length: 0\r\n\r\n`, 7)[0]?.header['a'], '1, 2')
})

test('httpReader() refuses what two readers could understand differently', () => {
  const malformed = [
    `${head}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`,
    `${head}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`,
    `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}transfer-encoding: chunked, x\r\n\r\n0\r\n\r\n`,
    `${head}transfer-encoding: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}content-length: -1\r\n\r\n`,
    `${head}content-length: +1\r\n\r\nx`,
    `${head}content-length: 1e1\r\n\r\nx`,
    `${head}content-length: 99999999999999999999\r\n\r\nx`,
    `${head}a: 1\r\n folded\r\ncontent-length: 0\r\n\r\n`,
    `${head}a: 1\nb: 2\r\ncontent-length: 0\r\n\r\n`,
    `${head}a: 1\0\r\ncontent-length: 0\r\n\r\n`,
    `${head}no colon\r\n\r\n`,
    `${head}a : 1\r\n\r\n`,
    `${head}: 1\r\n\r\n`,
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    `${head}transfer-encoding: chunked\r\n\r\n-1\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\n0x1\r\na\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\n${'1'.repeat(2000)}`,
    `${head}content-length: 5\r\n\r\nhell`,
    head,
    `${head}a: ${'x'.repeat(70_000)}`,
  ]
  for (const text of malformed) {
    for (const size of [1, 7, 100_000]) {
      assert.throws(
        () => readAll(text, size),
        (error) => error instanceof HttpReadError && !error.tooLarge,
        `${JSON.stringify(text.slice(0, 80))} in pieces of ${size}`,
      )
    }
  }
})

test('httpReader() refuses a body over maxBytes before it is there', () => {
  const cases = [
    `${head}content-length: 1001\r\n\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\n3e9\r\n`,
    `${head}\r\n${'x'.repeat(1001)}`,
  ]
  for (const text of cases)
    assert.throws(
      () => readAll(text, 10),
      (error) => error instanceof HttpReadError && error.tooLarge,
      text.slice(0, 60),
    )
})

test('httpReader() reads a large chunk in small pieces in linear time', () => {
  const size = 2_000_000
  const bytes = Buffer.concat([
    Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n${size.toString(16)}\r\n`),
    Buffer.alloc(size, 'a'),
    Buffer.from('\r\n0\r\n\r\n'),
  ])
  const startMs = performance.now()

  const [message] = readAll(bytes, 100, size)

  assert.equal(message?.body.length, size)
  // Joining at each of the 20,000 pieces would copy 20 GB.
  assert.ok(performance.now() - startMs < 3000)
})
