import assert from 'node:assert/strict'
import { anywhere, echo, exchange, frame, textOf, type Case } from './tools.js'

const web = { status: 201, header: { 'content-type': 'text/plain', 'x-colour': 'röt' }, body: new TextEncoder().encode('made\n') }

/** What a transport may have besides. */
export const features: readonly Case[] = [
  {
    name: 'send() of several frames at once, in both directions, keeps the order of each',
    needs: 'concurrent',
    async refuses({ subject }) {
      const listener = await subject.listen(anywhere, () => undefined)
      const connection = await subject.open(listener.address)
      await connection.send(frame('one'))
      await connection.send(frame('two'))
    },
    async run({ subject }) {
      const heard: (string | undefined)[] = []
      const listener = await subject.listen(anywhere, (connection) => {
        void (async () => {
          await connection.send(frame('a'))
          await connection.send(frame('b'))
          for (let count = 0; count < 3; count++) heard.push(textOf(await connection.receive()))
          await connection.send(frame('end'))
        })()
      })
      const connection = await subject.open(listener.address)

      await Promise.all(['1', '2', '3'].map((text) => connection.send(frame(text))))
      const got = [await connection.receive(), await connection.receive(), await connection.receive()].map(textOf)

      assert.deepEqual(got, ['a', 'b', 'end'])
      assert.deepEqual(heard, ['1', '2', '3'])
    },
  },
  {
    name: 'listen() with web answers plain HTTP beside frames',
    needs: 'web',
    refuses: ({ subject }) => subject.listen(anywhere, () => undefined, { web: () => Promise.resolve(web) }),
    async run({ subject }) {
      const asked: unknown[] = []
      const listener = await echo(subject, {
        web(request) {
          asked.push([request.method, request.path, request.header['x-taste'], textOf({ header: {}, body: request.body })])
          return Promise.resolve(web)
        },
      })
      const connection = await subject.open(listener.address)

      const answer = await fetch(`http://${listener.address}/a/b?c=1`, { method: 'PUT', headers: { 'X-Taste': 'sweet' }, body: 'tea' })

      assert.equal(answer.status, 201)
      assert.equal(answer.headers.get('content-type'), 'text/plain')
      assert.equal(await answer.text(), 'made\n')
      assert.deepEqual(asked, [['PUT', '/a/b?c=1', 'sweet', 'tea']])
      assert.equal(textOf(await exchange(connection, frame('a frame'))), 'a frame')
    },
  },
  {
    name: 'listen() with web refuses a request over maxBytes with 413',
    needs: 'web',
    async run({ subject }) {
      const listener = await echo(subject, { maxBytes: 10, web: () => Promise.resolve(web) })

      const answer = await fetch(`http://${listener.address}/`, { method: 'POST', body: 'more than ten bytes' })

      assert.equal(answer.status, 413)
      assert.equal(((await answer.json()) as { reason: string }).reason, 'FRAME_TOO_LARGE')
    },
  },
]
