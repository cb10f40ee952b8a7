import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findNativeServer, startNativeServer, type NativeServer } from '../native-server.fixture.js'
import { natsServer } from './server.js'

const native = findNativeServer()

/** What a nats-server says that would be a leaf node of, and in a cluster with, what listens on `port`. */
async function refusals(port: number): Promise<string> {
  const url = `nats://127.0.0.1:${port}`
  const server: NativeServer = await startNativeServer(
    native ?? '',
    `leafnodes { remotes: [{ url: "${url}" }] }\ncluster { name: x, listen: "127.0.0.1:-1", routes: ["${url}"] }`,
  )
  try {
    const wanted = [
      /lid:\d+ - (.*wrong port)/,
      /rid:\d+ - (Route Error .*)/,
      /(Leafnode connection closed: .*)/,
      /(Router connection closed: .*)/,
    ]
    const found = () => wanted.map((pattern) => pattern.exec(server.log())?.[1])
    while (found().includes(undefined)) await new Promise((resolve) => setImmediate(resolve))
    return found().join('\n')
  } finally {
    await server.close()
  }
}

test(
  'natsServer() refuses leaf nodes and routes as a nats-server does on its port for clients',
  { skip: native === undefined ? 'needs: nats-server' : false, timeout: 30_000 },
  async (t) => {
    const ours = await natsServer()
    t.after(() => ours.close())
    const theirs = await startNativeServer(native ?? '')
    t.after(() => theirs.close())

    assert.equal(await refusals(ours.port), await refusals(theirs.port))
  },
)
