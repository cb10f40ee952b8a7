import assert from 'node:assert/strict'
import { MicroError } from '../../base/index.js'
import type { Connection } from '../transport.js'
import { anywhere, echo, exchange, fails, frame, textOf, type Case } from './tools.js'

/** How connections, listeners and transports end. */
export const closing: readonly Case[] = [
  {
    name: 'close() of the opener ends the listener side: closed resolves, receive() gives undefined',
    async run({ subject, eventually }) {
      let far: Connection | undefined
      const listener = await subject.listen(anywhere, (connection) => {
        far = connection
        void connection.receive().then(() => connection.send(frame('')))
      })
      const near = await subject.open(listener.address)
      await exchange(near, frame(''))

      await near.close()

      await near.closed
      await eventually(() => far !== undefined)
      await far?.closed
      assert.equal(await far?.receive(), undefined)
    },
  },
  {
    name: 'close() of the listener side ends an idle opener',
    async run({ subject }) {
      const listener = await subject.listen(anywhere, (connection) => {
        void connection
          .receive()
          .then(() => connection.send(frame('')))
          .then(() => connection.close())
      })
      const near = await subject.open(listener.address)
      await exchange(near, frame(''))

      assert.equal(await near.receive(), undefined)
      await near.closed
    },
  },
  {
    name: 'close() of the listener side is seen at once by an opener that waits for an answer',
    async run({ subject }) {
      const listener = await subject.listen(anywhere, (connection) => void connection.receive().then(() => connection.close()))
      const near = await subject.open(listener.address)
      await near.send(frame('will not be answered'))

      const outcome = await near.receive().catch((error: unknown) => error)

      assert.ok(outcome === undefined || (MicroError.is(outcome) && outcome.reason === 'CONNECTION_LOST'), String(outcome))
    },
  },
  {
    name: 'close() ends a receive() that waits',
    async run({ subject }) {
      const listener = await subject.listen(anywhere, () => undefined)
      const connection = await subject.open(listener.address)
      await connection.send(frame(''))
      const waiting = connection.receive()

      await connection.close()

      assert.equal(await waiting, undefined)
    },
  },
  {
    name: 'send() on a closed connection is refused with CONNECTION_CLOSED',
    async run({ subject }) {
      const connection = await subject.open((await echo(subject)).address)
      await connection.close()
      await connection.close()

      await fails(connection.send(frame('late')), 'unavailable', 'CONNECTION_CLOSED')
    },
  },
  {
    name: 'close() of a listener lets the one that waits have its answer, and ends idle connections',
    async run({ subject }) {
      let answerNow: () => void = () => undefined
      const asked = new Promise<void>((resolve) => (answerNow = resolve))
      let heard: () => void = () => undefined
      const arrived = new Promise<void>((resolve) => (heard = resolve))
      const listener = await subject.listen(anywhere, (connection) => {
        void connection.receive().then(async (received) => {
          if (textOf(received) === 'slow') {
            heard()
            await asked
          }
          await connection.send(frame('answered'))
        })
      })
      const [idle, busy] = await Promise.all([subject.open(listener.address), subject.open(listener.address)])
      await exchange(idle, frame('quick'))
      await busy.send(frame('slow'))
      await arrived

      const ended = listener.close()
      await idle.closed
      answerNow()

      assert.equal(textOf(await busy.receive()), 'answered')
      await ended
      await fails(subject.open(listener.address), 'unavailable', 'CONNECT_FAILED')
    },
  },
  {
    name: 'close() of a listener twice is once',
    async run({ subject }) {
      const listener = await echo(subject)

      await Promise.all([listener.close(), listener.close()])
      await listener.close()
    },
  },
  {
    name: 'close() of the transport ends its listeners and connections, and refuses what follows with CLOSED',
    async run({ subject, peer }) {
      const listener = await echo(subject)
      const connection = await subject.open(listener.address)
      await exchange(connection, frame(''))
      const other = await peer()

      await subject.close()
      await subject.close()

      await connection.closed
      await fails(subject.open(listener.address), 'failed_precondition', 'CLOSED')
      await fails(
        subject.listen(anywhere, () => undefined),
        'failed_precondition',
        'CLOSED',
      )
      if (other !== subject) await fails(other.open(listener.address), 'unavailable', 'CONNECT_FAILED')
    },
  },
]
