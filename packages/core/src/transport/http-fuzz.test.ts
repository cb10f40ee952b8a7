import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAlike, mutatedRequests, readByNode, readByOurs, seededNumbers } from './http-fuzz.fixture.js'
import { httpTransport } from './http.js'
import { rawClient } from './raw-socket.fixture.js'

// `node scripts/http-fuzz.mjs` does the same for as long as one likes.
const first = 1
const last = 400

test('requestReader() understands mutated requests alike, however they are cut', () => {
  for (let seed = first; seed <= 2 * last; seed++) {
    const random = seededNumbers(seed)
    const bytes = mutatedRequests(random)
    const whole = readByOurs(bytes, (left) => left)

    assert.deepEqual(
      readByOurs(bytes, () => 1),
      whole,
      `seed ${seed}, byte by byte`,
    )
    assert.deepEqual(
      readByOurs(bytes, () => 1 + random(9)),
      whole,
      `seed ${seed}, in pieces`,
    )
    if (seed > 60) continue
    for (let offset = 1; offset < bytes.length; offset++) {
      let isFirst = true
      const atOffset = (left: number) => (isFirst ? ((isFirst = false), offset) : left)
      assert.deepEqual(readByOurs(bytes, atOffset), whole, `seed ${seed}, cut at ${offset}`)
    }
  }
})

test("requestReader() takes nothing that node:http's strict parser takes for something else", async () => {
  for (let seed = first; seed <= last; seed++) {
    const bytes = mutatedRequests(seededNumbers(seed))
    const ours = readByOurs(bytes, (left) => left)

    const node = await readByNode(bytes)

    assert.ok(isAlike(ours, node), `seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}`)
  }
})

test('a port stands mutated requests on many connections, and answers the others', async () => {
  const transport = httpTransport()
  const listener = await transport.listen(
    '127.0.0.1:0',
    (connection) => {
      const serve = async () => {
        for (let frame = await connection.receive(); frame !== undefined; frame = await connection.receive()) await connection.send(frame)
      }
      void serve().catch(() => undefined)
    },
    { maxBytes: 1000, web: ({ body }) => Promise.resolve({ status: 200, header: {}, body }) },
  )
  const good = rawClient(listener.address)
  for (let seed = first; seed <= 200; seed++) {
    const random = seededNumbers(seed)
    const client = rawClient(listener.address)
    const bytes = mutatedRequests(random)
    const at = random(bytes.length + 1)
    client.socket.write(bytes.subarray(0, at))
    client.socket.end(bytes.subarray(at))
    await client.ended()
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(client.text)?.[1]
    assert.ok(
      client.text === '' || ['100', '200', '400', '413', '417', '431'].includes(status as string),
      `seed ${seed}: ${client.text.slice(0, 100)}`,
    )
    if (seed % 20 !== 0) continue
    const before = good.text.length
    good.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\ngood')
    while (good.text.length === before) await new Promise((resolve) => setImmediate(resolve))
  }

  assert.equal(good.text.split('\r\n\r\ngood').length - 1, 10)
  good.socket.destroy()
  await listener.close()
  await transport.close()
})
