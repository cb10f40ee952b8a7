import assert from 'node:assert/strict'
import type { Frame } from '../transport.js'
import { answering, anywhere, echo, exchange, fails, frame, textOf, type Case } from './tools.js'

const defaultMaxBytes = 4_194_304

/** What travels, and what does not. */
export const frames: readonly Case[] = [
  {
    name: 'send() carries headers and body both ways',
    async run({ subject }) {
      let received: Frame | undefined
      const listener = await subject.listen(
        anywhere,
        answering((one) => {
          received = one
          return { header: { 'micro-id': '7', colour: 'red' }, body: Uint8Array.of(3, 4) }
        }),
      )
      const connection = await subject.open(listener.address)

      const answer = await exchange(connection, { header: { 'micro-endpoint': 'A.B', taste: 'sweet' }, body: Uint8Array.of(1, 2) })

      assert.equal(received?.header['micro-endpoint'], 'A.B')
      assert.equal(received.header['taste'], 'sweet')
      assert.deepEqual([...received.body], [1, 2])
      assert.equal(answer?.header['colour'], 'red')
      assert.deepEqual([...answer.body], [3, 4])
    },
  },
  {
    name: 'send() of 0 bytes arrives as 0 bytes',
    async run({ subject }) {
      const connection = await subject.open((await echo(subject)).address)

      assert.equal((await exchange(connection, frame('')))?.body.length, 0)
    },
  },
  {
    name: 'send() keeps every value of a byte',
    async run({ subject }) {
      const connection = await subject.open((await echo(subject)).address)
      const body = Uint8Array.from({ length: 512 }, (_, index) => index % 256)

      assert.deepEqual([...((await exchange(connection, { ...frame(''), body }))?.body ?? [])], [...body])
    },
  },
  {
    name: 'send() of the largest body arrives whole',
    async run({ subject }) {
      const connection = await subject.open((await echo(subject)).address)
      const body = new Uint8Array(defaultMaxBytes).fill(0x61)
      body[defaultMaxBytes - 1] = 0x7a

      const answer = await exchange(connection, { ...frame(''), body })

      assert.equal(answer?.body.length, defaultMaxBytes)
      assert.equal(answer.body[defaultMaxBytes - 1], 0x7a)
    },
  },
  {
    name: 'send() of a body over maxBytes is refused with FRAME_TOO_LARGE, and other connections go on',
    async run({ subject }) {
      const listener = await echo(subject, { maxBytes: 1000 })
      const [large, small] = await Promise.all([subject.open(listener.address), subject.open(listener.address)])

      await fails(exchange(large, { ...frame(''), body: new Uint8Array(3_000_000) }), 'resource_exhausted', 'FRAME_TOO_LARGE')
      const answer = await exchange(small, { ...frame(''), body: new Uint8Array(1000) })

      assert.equal(answer?.body.length, 1000)
    },
  },
  {
    name: 'send() carries header values of any language, and empty ones',
    async run({ subject }) {
      let received: Frame | undefined
      const listener = await subject.listen(
        anywhere,
        answering((one) => {
          received = one
          return { header: { 'micro-id': '1', back: 'ünï ☃ 😀' }, body: one.body }
        }),
      )
      const connection = await subject.open(listener.address)

      const answer = await exchange(connection, frame('', { 'micro-endpoint': 'A.B', there: 'Bäz ☃ 😀 "q" {"a":1}', nothing: '' }))

      assert.equal(received?.header['there'], 'Bäz ☃ 😀 "q" {"a":1}')
      assert.equal(received.header['nothing'], '')
      assert.equal(answer?.header['back'], 'ünï ☃ 😀')
    },
  },
  {
    name: 'send() gives header names in lower case',
    async run({ subject }) {
      let received: Frame | undefined
      const listener = await subject.listen(
        anywhere,
        answering((one) => {
          received = one
          return { header: { 'Micro-Id': '1' }, body: one.body }
        }),
      )
      const connection = await subject.open(listener.address)

      const answer = await exchange(connection, frame('', { 'Micro-Endpoint': 'A.B' }))

      assert.equal(received?.header['micro-endpoint'], 'A.B')
      assert.equal(answer?.header['micro-id'], '1')
    },
  },
  {
    name: 'send() of a header that would not arrive as it is is refused with HEADER_INVALID',
    async run({ subject }) {
      const connection = await subject.open((await echo(subject)).address)

      for (const value of ['a\r\nmicro-error: no', 'a\nb', 'a\rb', 'a\0b', 'a\u0001b', ' a', 'a '])
        await fails(connection.send(frame('', { 'micro-endpoint': 'A.B', x: value })), 'invalid_argument', 'HEADER_INVALID')
      for (const name of ['', 'a b', 'a:b', 'a\r\nb', 'ä'])
        await fails(connection.send(frame('', { 'micro-endpoint': 'A.B', [name]: 'x' })), 'invalid_argument', 'HEADER_INVALID')
      assert.equal(textOf(await exchange(connection, frame('still open'))), 'still open')
    },
  },
  {
    name: 'receive() gives frames in the order of sending',
    async run({ subject }) {
      const connection = await subject.open((await echo(subject)).address)
      const bodies: (string | undefined)[] = []

      for (let index = 0; index < 100; index++) bodies.push(textOf(await exchange(connection, frame(String(index)))))

      assert.deepEqual(
        bodies,
        Array.from({ length: 100 }, (_, index) => String(index)),
      )
    },
  },
  {
    name: 'receive() on many connections at once mixes nothing up',
    async run({ subject }) {
      const listener = await echo(subject)

      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const connection = await subject.open(listener.address)
          return textOf(await exchange(connection, frame(`connection ${index}`)))
        }),
      )

      assert.deepEqual(
        answers,
        Array.from({ length: 50 }, (_, index) => `connection ${index}`),
      )
    },
  },
  {
    name: 'receive() whose signal aborts rejects with canceled, and loses no frame',
    async run({ subject }) {
      let answerNow: () => void = () => undefined
      const asked = new Promise<void>((resolve) => (answerNow = resolve))
      const listener = await subject.listen(
        anywhere,
        answering(async (received) => {
          await asked
          return received
        }),
      )
      const connection = await subject.open(listener.address)
      await connection.send(frame('kept'))
      const controller = new AbortController()
      const waiting = connection.receive({ signal: controller.signal })

      controller.abort()
      await fails(waiting, 'canceled', 'CANCELED')
      answerNow()

      assert.equal(textOf(await connection.receive()), 'kept')
    },
  },
]
