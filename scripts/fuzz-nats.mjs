/**
 * Hostile clients against the embedded NATS server for as long as one likes, while a witness is served: memory stays flat, nothing is lost.
 *
 * `node --conditions=@microts/source --import tsx scripts/fuzz-nats.mjs [cases=1000000] [seed]`; FUZZ_ROUNDS=100000 with
 * packages/core/src/nats/server/fuzz.test.ts compares the verdicts with nats-server for longer.
 */
import { memoryUsage, cpuUsage } from 'node:process'
import { natsServer } from '@microts/core/nats'
import { chance, hitAndRun, hostileCase } from '../packages/core/src/nats/server/fuzz.fixture.js'
import { rawClient } from '../packages/core/src/nats/raw-client.fixture.js'

const cases = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
const atOnce = 16
const mib = (bytes) => `${Math.round(bytes / 1024 / 1024)} MiB`

const server = await natsServer()
const guarded = await natsServer({ users: [{ user: 'ann', password: 'p', permissions: { subscribe: { deny: ['a.b'] } } }] })
const witness = await rawClient(server.port)
witness.send('CONNECT {"verbose":false}\r\nSUB witness.only 1\r\n')
const random = chance(seed)
const reports = []
console.log(`seed ${seed}, ${cases} cases`)

for (let done = 0; done < cases; done += atOnce) {
  const batch = Array.from({ length: Math.min(atOnce, cases - done) }, () => hostileCase(random))
  await Promise.all(batch.map((bytes) => hitAndRun(random(4) === 0 ? guarded.port : server.port, bytes, random)))
  const before = witness.text().length
  const number = String(done)
  witness.send(`PUB witness.only ${number.length}\r\n${number}\r\n`)
  await witness.when((text) => text.length > before && text.endsWith(`\r\n${number}\r\n`))
  if (witness.isClosed()) throw new Error(`the witness was cut off after ${done} cases, seed ${seed}`)
  if (reports.length < (done * 20) / cases) report(done)
}
report(cases)

witness.close()
await Promise.all([server.close(), guarded.close()])
// What a warm process has at a quarter of the way is what it may have at the end, and a little.
const quarter = reports[Math.floor(reports.length / 4)]
const grown = reports[reports.length - 1] - quarter
console.log(`grown by ${mib(grown)} since the first quarter`)
if (grown > 48 * 1024 * 1024) process.exitCode = 1

function report(done) {
  const { rss, heapUsed } = memoryUsage()
  const { user, system } = cpuUsage()
  reports.push(rss)
  const { connections, subscriptions } = server.stats
  console.log(
    `${done}: RSS ${mib(rss)}, heap ${mib(heapUsed)}, ${Math.round((user + system) / Math.max(1, done))} us of CPU a case, client included; ${connections} connections, ${subscriptions} subscriptions`,
  )
}
