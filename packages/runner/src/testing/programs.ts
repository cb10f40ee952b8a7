/**
 * A `main.ts` that speaks the channel protocol by hand. It answers each request with its environment as JSON; what it does besides is said by `FIXTURE`:
 * `throw` before it is ready, `refuse` with an error of its own, `silent` never ready, `deaf` does not stop for SIGTERM,
 * `litter` starts a process that stays in its group, `flee` one that leaves it.
 */
export const serviceProgram = `
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { plugins } from './plugins.js'

const say = (message: object) => writeSync(Number(process.env.MICRO_CHANNEL_FD), JSON.stringify(message) + '\\n')
const fixture = process.env.FIXTURE ?? ''
const sleeper = ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)', 'sleeper']

process.on('SIGTERM', () => {
  if (fixture === 'deaf') return
  say({ type: 'stopping' })
  process.exit(0)
})
if (fixture === 'throw') throw new Error('no way')
if (fixture === 'refuse') {
  say({ type: 'failed', error: { code: 'failed_precondition', reason: 'NO_LUCK', message: 'Cannot start: no luck', hint: 'Try later.' } })
  process.exit(1)
}
if (fixture === 'litter' || fixture === 'flee') spawn(process.execPath, sleeper, { stdio: 'ignore', detached: fixture === 'flee' }).unref()

const server = createServer((request, response) => {
  if (request.url === '/crash') process.exit(7)
  response.end(JSON.stringify({ env: process.env, plugins: plugins.map((entry: any) => entry.manifest), pid: process.pid }))
})
const [host, port] = (process.env.MICRO_SERVER_ADDRESS ?? '').split(':')
if (fixture !== 'silent')
  server.listen(Number(port), host, () => {
    const address = '127.0.0.1:' + (server.address() as { port: number }).port
    console.log(JSON.stringify({ level: 30, msg: 'listening' }))
    console.error('a line on stderr')
    const uses = [{ kind: 'store', name: process.env.MICRO_STORE ?? 'memory' }]
    say({ type: 'ready', service: 'fixture', version: '1.2.3', node: 'fixture-1', address, url: 'http://' + address, uses, endpoints: ['Fixture.Do'], topics: ['t'] })
  })
else setInterval(() => undefined, 1000)
`

/** A service type with an embedded program: an HTTP server that answers with its environment. It provides a broker with the word `enats`. */
export const typeManifest = `
plugins:
  - uri: catcher
    name: Catcher
    description: A fixture
    api: ^1
    service:
      type: catcher
      versions: [v1.0.0, v1.1.0]
      default: v1.1.0
      ports: { http: { port: 8025, open: true } }
      drivers:
        embedded: { entry: catcher.mjs }
        docker: { image: "catcher:\${tag}", tags: { v1.0.0: v1.0.0 } }
      ready: { http: { port: http, path: / }, timeoutMs: 10000 }
      data: /data
      exports: { CATCHER_URL: "http://127.0.0.1:\${port.http}" }
  - uri: bus
    name: Bus
    description: A fixture that provides a broker
    service:
      type: bus
      ports: { client: { port: 4222 } }
      drivers: { embedded: { entry: catcher.mjs } }
      ready: { tcp: { port: client }, timeoutMs: 10000 }
      provides: { broker: enats, address: "nats://127.0.0.1:\${port.client}" }
`

/** The program of both types of {@link typeManifest}. */
export const typeProgram = `
const { writeSync } = await import('node:fs')
const { createServer } = await import('node:http')
const port = Number(process.env.MICRO_PORT_HTTP ?? process.env.MICRO_PORT_CLIENT)
createServer((request, response) => response.end(JSON.stringify({ env: process.env }))).listen(port, process.env.MICRO_HOST, () => {
  writeSync(3, JSON.stringify({ type: 'ready', ports: {} }) + '\\n')
})
process.on('SIGTERM', () => process.exit(0))
`

/** The files of a project with one service of ours and one of a fixture type; the manifest is `types/micro.plugin.yml`. */
export const projectFiles = {
  'micro.yml': `name: shop
services:
  orders: { type: node, path: ./services/orders, needs: [mail] }
  mail: { type: catcher }
`,
  'services/orders/main.ts': serviceProgram,
  'types/micro.plugin.yml': typeManifest,
  'types/catcher.mjs': typeProgram,
}
