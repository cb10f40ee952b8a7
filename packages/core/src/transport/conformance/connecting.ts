import assert from 'node:assert/strict'
import { anywhere, echo, exchange, fails, frame, textOf, type Case } from './tools.js'

/** Addresses, connections, and who is refused. */
export const connecting: readonly Case[] = [
  {
    name: 'listen() at port 0 gives an address that open() reaches',
    async run({ subject }) {
      const listener = await echo(subject)

      const connection = await subject.open(listener.address)

      assert.match(listener.address, /:[1-9]\d*$/)
      assert.equal(connection.remote, listener.address)
      assert.equal(textOf(await exchange(connection, frame('hello'))), 'hello')
    },
  },
  {
    name: 'open() from another transport reaches the listener',
    async run({ subject, peer }) {
      const listener = await echo(subject)
      const other = await peer()

      const connection = await other.open(listener.address)

      assert.equal(textOf(await exchange(connection, frame('hello'))), 'hello')
    },
  },
  {
    name: 'open() where nobody listens is refused with CONNECT_FAILED',
    async run({ subject }) {
      const listener = await echo(subject)
      await listener.close()

      await fails(subject.open(listener.address), 'unavailable', 'CONNECT_FAILED')
    },
  },
  {
    name: 'open() of what is no address is refused with ADDRESS_INVALID',
    async run({ subject }) {
      for (const address of ['', 'localhost', '127.0.0.1:', ':80', '127.0.0.1:65536', 'a b:80', 'http://127.0.0.1:80', '[::1]'])
        await fails(subject.open(address), 'invalid_argument', 'ADDRESS_INVALID')
    },
  },
  {
    name: 'listen() at what is no address is refused with ADDRESS_INVALID',
    async run({ subject }) {
      await fails(
        subject.listen('nowhere', () => undefined),
        'invalid_argument',
        'ADDRESS_INVALID',
      )
    },
  },
  {
    name: 'listen() at a port that is taken is refused with PORT_TAKEN',
    async run({ subject, peer }) {
      const listener = await echo(subject)
      const other = await peer()

      await fails(
        other.listen(listener.address, () => undefined),
        'unavailable',
        'PORT_TAKEN',
      )
    },
  },
  {
    name: 'listen() again at a port that was closed succeeds',
    async run({ subject }) {
      const first = await echo(subject)
      await first.close()

      const second = await subject.listen(first.address, () => undefined)

      assert.equal(second.address, first.address)
    },
  },
  {
    name: 'open() with an aborted signal is refused with canceled',
    async run({ subject }) {
      const listener = await echo(subject)

      await fails(subject.open(listener.address, { signal: AbortSignal.abort() }), 'canceled', 'CANCELED')
    },
  },
  {
    name: 'listen() calls accept once for each connection',
    async run({ subject, eventually }) {
      const remotes: string[] = []
      const listener = await subject.listen(anywhere, (connection) => {
        remotes.push(connection.remote)
        void connection.receive().then(() => connection.send(frame('')))
      })
      const connections = await Promise.all([subject.open(listener.address), subject.open(listener.address)])

      await Promise.all(connections.map((connection) => exchange(connection, frame(''))))

      await eventually(() => remotes.length === 2)
      assert.notEqual(remotes[0], remotes[1])
    },
  },
]
