/**
 * `node --conditions=@microts/source --import tsx scripts/native-stream.mjs [--megabytes <n>] [--rate <n>]`: a producer as fast as it can, a reader of `rate` MB/s (0: as fast as it can), over
 * TCP; shows how far ahead the producer gets, and what memory does.
 *
 * The defaults are a gigabyte at 1 MB/s, which takes 17 minutes; the short form runs with the tests. Exit code 1: the producer got ahead by more than 8 MB, or memory grew by more than 64 MiB.
 */
import { createServer, connect } from 'node:net'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '1000' }, rate: { type: 'string', default: '1' } } })
const totalBytes = Number(values.megabytes) * 1e6
const bytesPerMs = Number(values.rate) * 1000
const native = (name) => import(new URL(`../packages/core/src/rpc/native/${name}.ts`, import.meta.url).href)
const { served, json } = await native('pair.fixture')
const { openNative } = await native('client')

const messageBytes = 10_000
let producedBytes = 0
const endpoint = {
  name: 'Stream.Bytes',
  async *handle() {
    for (; producedBytes < totalBytes; producedBytes += messageBytes) yield new Uint8Array(messageBytes)
  },
}
const server = createServer((socket) => void served(socket, { endpoints: [endpoint] })).listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const client = await openNative(connect(/** @type {import('node:net').AddressInfo} */ (server.address()).port, '127.0.0.1'), {
  json,
  remote: 'stream:1',
})

const startedAt = performance.now()
const rssMiB = () => process.memoryUsage().rss / 2 ** 20
let readBytes = 0
let mostAhead = 0
let beforeMiB = 0
let mostMiB = 0
let shownAt = 0
for await (const message of client.serverStream(client.route('orders', 'Stream.Bytes'), undefined)) {
  readBytes += message.length
  mostAhead = Math.max(mostAhead, producedBytes - readBytes)
  if (readBytes >= totalBytes / 20 && beforeMiB === 0) beforeMiB = rssMiB()
  if (beforeMiB > 0) mostMiB = Math.max(mostMiB, rssMiB())
  const aheadMs = bytesPerMs === 0 ? 0 : readBytes / bytesPerMs - (performance.now() - startedAt)
  if (aheadMs > 5) await new Promise((resolve) => setTimeout(resolve, aheadMs))
  if (performance.now() - shownAt < 10_000) continue
  shownAt = performance.now()
  console.log(
    `${Math.round(readBytes / 1e6)} MB read, producer ${((producedBytes - readBytes) / 1e6).toFixed(2)} MB ahead, ${Math.round(rssMiB())} MiB resident`,
  )
}
await client.close()
server.close()
const grownMiB = mostMiB - beforeMiB
const seconds = (performance.now() - startedAt) / 1000
console.log(
  `${readBytes / 1e6} MB in ${seconds.toFixed(1)} s; producer at most ${(mostAhead / 1e6).toFixed(2)} MB ahead; resident memory grew by ${grownMiB.toFixed(1)} MiB after the first twentieth`,
)
process.exitCode = readBytes === totalBytes && mostAhead < 8e6 && grownMiB < 64 ? 0 : 1
