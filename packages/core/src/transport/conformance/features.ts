import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import type { Protocol } from '../transport.js'
import { anywhere, echo, exchange, frame, textOf, type Case } from './tools.js'

const web = { status: 201, header: { 'content-type': 'text/plain', 'x-colour': 'röt' }, body: new TextEncoder().encode('made\n') }

/** Says what comes in capital letters. It is told by its first two bytes, `!?`. */
const shout: Protocol<Socket> = {
  name: 'shout',
  detect(head) {
    if (head[0] !== 0x21) return 'no'
    if (head.length === 1) return 'more'
    return head[1] === 0x3f ? 'yes' : 'no'
  },
  serve(socket, head) {
    const answer = (bytes: Uint8Array) => socket.write(new TextDecoder().decode(bytes).toUpperCase())
    socket.on('error', () => undefined)
    socket.on('data', answer)
    if (head.length > 0) answer(head)
    socket.resume()
    return { drain: () => socket.end() }
  },
}

/** Sends `pieces` one by one, and resolves with what comes back once it is `length` characters. */
function shouted(address: string, pieces: readonly string[], length: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(':')
    const socket = connect({ host: host as string, port: Number(port), noDelay: true })
    let text = ''
    socket.on('error', reject)
    socket.on('data', (piece) => {
      text += piece.toString()
      if (text.length >= length) resolve(text)
    })
    socket.on('close', () => resolve(text))
    const next = (index: number) => {
      if (index < pieces.length) socket.write(pieces[index] as string, () => setImmediate(next, index + 1))
    }
    next(0)
  })
}

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
  {
    name: 'listen() with protocols gives a connection to the one that knows its first bytes, and all others go on',
    needs: 'protocols',
    refuses: ({ subject }) => subject.listen(anywhere, () => undefined, { protocols: [shout] }),
    async run({ subject }) {
      const listener = await echo(subject, { protocols: [shout] })
      const connection = await subject.open(listener.address)

      assert.equal(await shouted(listener.address, ['!?hello'], 7), '!?HELLO')
      assert.equal(await shouted(listener.address, ['!', '?', 'in', ' pieces'], 11), '!?IN PIECES')
      assert.equal(textOf(await exchange(connection, frame('a frame'))), 'a frame')
      await connection.close()
      await listener.close()
    },
  },
]
