import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HttpRequest, HttpRequestError, requestReader, type RequestReaderOptions } from './http-request.js'

const start = 'POST /A.B HTTP/1.1\r\nHost: a\r\n'

/** Reads `text`, cut into pieces of `size` bytes. */
function readAll(text: string | Buffer, size: number, options: Partial<RequestReaderOptions> = {}): HttpRequest[] {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const reader = requestReader({ maxBytes: 1000, ...options })
  const requests: HttpRequest[] = []
  for (let at = 0; at < bytes.length; at += size) {
    // Each piece in memory of its own, as a socket gives them.
    reader.push(Buffer.from(bytes.subarray(at, at + size)))
    for (let one = reader.next(); one !== undefined; one = reader.next()) requests.push(one)
  }
  assert.equal(reader.keptBytes, 0, 'bytes are left')
  assert.equal(reader.state, 'idle')
  return requests
}

function statusOf(text: string, size: number): number | undefined {
  try {
    readAll(text, size)
  } catch (error) {
    if (error instanceof HttpRequestError) return error.status
    throw error
  }
  return undefined
}

const textOf = ({ body }: HttpRequest) => Buffer.from(body).toString()

test('requestReader() reads requests that come in pieces of any size', () => {
  const text = [
    'POST /Orders.Place?x=1 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\nFoo: Bäz ☃\r\nEmpty:\r\n\r\nhello',
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n001\r\nz\r\n0\r\nTrailer: yes\r\n\r\n',
    '\r\nGET http://A/x HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive, close\r\n\r\n',
    'OPTIONS * HTTP/1.0\r\n\r\n',
    'HEAD / HTTP/1.0\r\nConnection: keep-alive\r\nA: 1\r\na: 2\r\n\r\n',
  ].join('')
  for (let size = 1; size <= text.length + 4; size++) {
    const requests = readAll(text, size)

    assert.deepEqual(requests.map(textOf), ['hello', 'abc0123456789', 'z', '', '', ''], `pieces of ${size}`)
    assert.deepEqual(
      requests.map(({ method, path, isLast }) => [method, path, isLast]),
      [
        ['POST', '/Orders.Place?x=1', false],
        ['POST', '/', false],
        ['POST', '/', false],
        ['GET', '/x', true],
        ['OPTIONS', '*', true],
        ['HEAD', '/', false],
      ],
    )
    assert.deepEqual(requests[0]?.header, { host: 'a:80', 'content-length': '5', foo: 'Bäz ☃', empty: '' })
    assert.equal(requests[5]?.header['a'], '1, 2')
  }
})

test('requestReader() refuses what two readers could understand differently', () => {
  const body = 'Content-Length: 0\r\n\r\n'
  const malformed = [
    `${start}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    `${start}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    `${start}Content-Length: 5, 5\r\n\r\nhello`,
    `${start}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: x, chunked\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: identity\r\n\r\n`,
    `${start}Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ...['-1', '+1', '1e1', '0x5', '1_0', '', '99999999999999999999', '1 1', '１'].map(
      (length) => `${start}Content-Length: ${length}\r\n\r\nx`,
    ),
    `${start}X: 1\r\n folded\r\n${body}`,
    `${start}X: 1\r\n\tfolded\r\n${body}`,
    ` ${start}${body}`,
    `${start}X: 1\nY: 2\r\n${body}`,
    `${start}X: 1\rY: 2\r\n${body}`,
    `GET / HTTP/1.1\nHost: a\n\n`,
    `${start}X: a\0b\r\n${body}`,
    `${start}X: a\u007fb\r\n${body}`,
    `${start}X : 1\r\n${body}`,
    `${start}: 1\r\n${body}`,
    `${start}no colon\r\n${body}`,
    `${start}Ä: 1\r\n${body}`,
    `${start}__proto__: 1\r\n${body}`,
    `${start}Host: b\r\n${body}`,
    `POST / HTTP/1.1\r\n${body}`,
    `POST / HTTP/1.1\r\nHost: a b\r\n${body}`,
    `POST / HTTP/1.1\r\nHost: a/../b\r\n${body}`,
    `POST http://b/ HTTP/1.1\r\nHost: a\r\n${body}`,
    `POST http:///x HTTP/1.1\r\nHost: a\r\n${body}`,
    `POST file:///etc/passwd HTTP/1.1\r\nHost: a\r\n${body}`,
    `POST A.B HTTP/1.1\r\nHost: a\r\n${body}`,
    `POST /ä HTTP/1.1\r\nHost: a\r\n${body}`,
    `POST /a b HTTP/1.1\r\nHost: a\r\n${body}`,
    `POST  / HTTP/1.1\r\nHost: a\r\n${body}`,
    `POST\t/ HTTP/1.1\r\nHost: a\r\n${body}`,
    `POST / HTTP/1.1 \r\nHost: a\r\n${body}`,
    `post / HTTP/1.1\r\nHost: a\r\n${body}`,
    `GET *\r\n${body}`,
    `CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n${body}`,
    'GET /\r\n',
    'GET / HTTP/0.9\r\n\r\n',
    'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
    'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1x\r\nHost: a\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    '\u0016\u0003\u0001',
    'hello\n',
    `${start}Transfer-Encoding: chunked\r\n\r\n-1\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n 1\r\na\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n1;a\rb\r\na\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n1\na\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n0000000000\r\n\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n${'1'.repeat(2000)}`,
    `${start}Transfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n0\r\nA: 1\n\r\n`,
  ]
  for (const text of malformed)
    for (const size of [1, 7, 100_000]) assert.equal(statusOf(text, size), 400, `${JSON.stringify(text.slice(0, 90))} in pieces of ${size}`)
})

test('requestReader() refuses at the first byte what does not begin like a request', () => {
  const reader = requestReader({ maxBytes: 10 })
  reader.push(Buffer.from('{'))

  assert.throws(() => reader.next(), HttpRequestError)
})

test('requestReader() refuses a head that is too large or has too many headers with 431, before it has ended', () => {
  const texts = [
    `${start}X: ${'x'.repeat(70_000)}`,
    `POST /${'x'.repeat(70_000)}`,
    `${start}${Array.from({ length: 300 }, (_, index) => `X${index}: 1\r\n`).join('')}`,
    `${start}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ${'x'.repeat(70_000)}`,
  ]
  for (const [index, text] of texts.entries())
    for (const size of [1, 1000, 100_000]) assert.equal(statusOf(text, size), index === 3 ? 400 : 431, `${index} in pieces of ${size}`)
})

test('requestReader() refuses a body over maxBytes before it is there', () => {
  for (const text of [
    `${start}Content-Length: 1001\r\n\r\n`,
    `${start}Content-Length: 999999999999999\r\n\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n3e9\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n3e8\r\n${'x'.repeat(1000)}\r\n1\r\n`,
  ])
    for (const size of [1, 100_000]) assert.equal(statusOf(text, size), 413, text.slice(0, 80))
})

test('requestReader() refuses an expectation that nobody fulfils, and tells once of one that somebody waits for', () => {
  const reader = requestReader({ maxBytes: 10 })
  reader.push(Buffer.from(`${start}Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n`))

  assert.equal(reader.next(), undefined)
  assert.deepEqual([reader.takeExpectation(), reader.takeExpectation()], [true, false])
  reader.push(Buffer.from('ab'))
  assert.equal(textOf(reader.next() as HttpRequest), 'ab')
  assert.equal(statusOf(`${start}Expect: 200-ok\r\nContent-Length: 2\r\n\r\n`, 100), 417)
  assert.equal(statusOf(`${start}Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n`, 100), 413)
})

test('a body stays as it is when what follows arrives', () => {
  const reader = requestReader({ maxBytes: 1000 })
  const one = (body: string) => `${start}Content-Length: ${body.length}\r\n\r\n${body}`
  for (const letter of one('first')) reader.push(Buffer.from(letter))
  const first = reader.next() as HttpRequest

  for (let count = 0; count < 100; count++) {
    for (const letter of one('other')) reader.push(Buffer.from(letter))
    assert.equal(textOf(reader.next() as HttpRequest), 'other')
  }

  assert.equal(textOf(first), 'first')
})

test('requestReader() takes time and memory in proportion to the bytes, however they are cut', () => {
  const size = 400_000
  const chunks = Array.from({ length: size }, () => '1\r\na\r\n').join('')
  const cases = [
    Buffer.from(`${start}Content-Length: ${size}\r\n\r\n${'a'.repeat(size)}`),
    Buffer.from(`${start}Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${'a'.repeat(size)}\r\n0\r\n\r\n`),
    Buffer.from(`${start}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`),
  ]
  for (const [index, bytes] of cases.entries()) {
    const startMs = performance.now()

    const [request] = readAll(bytes, 3, { maxBytes: size })

    assert.equal(request?.body.length, size)
    assert.ok(request.body.buffer.byteLength < 10 * size, 'the body is held as it is, not as a hundred thousand views')
    // Joining at each piece would copy 50 GB and more.
    assert.ok(performance.now() - startMs < 8000, `case ${index}`)
  }
})

test('requestReader() takes no more than a moment for a head made to be slow', () => {
  const spaces = `${start}X:${' '.repeat(60_000)}x\r\n\r\n`
  const startMs = performance.now()

  assert.equal(readAll(spaces, 100_000)[0]?.header['x'], 'x')
  assert.equal(statusOf(`${start}${'a'.repeat(60_000)}`.concat(' \r\n\r\n'), 100_000), 400)

  assert.ok(performance.now() - startMs < 500)
})
