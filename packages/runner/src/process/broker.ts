/**
 * The embedded broker of a run, a program of its own, so that a service that is started again never moves it. It listens on `MICRO_HOST` and
 * `MICRO_PORT_CLIENT` (left out or 0: any free port), and says so on its channel.
 */
import { writeSync } from 'node:fs'
import { MicroError } from '@microts/core/base'
import { natsServer } from '@microts/core/nats'

const channelFd = Number(process.env['MICRO_CHANNEL_FD'] || 1)

try {
  const server = await natsServer({
    host: process.env['MICRO_HOST'] || '127.0.0.1',
    port: Number(process.env['MICRO_PORT_CLIENT'] || 0),
    name: 'micro',
  })
  const stop = () => void server.close().finally(() => process.exit(0))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
  say({ type: 'ready', ports: { client: server.port } })
} catch (thrown) {
  const { code, reason, message, hint } = MicroError.from(thrown)
  say({ type: 'failed', error: { code, reason, message, hint } })
  process.exit(1)
}

function say(message: object): void {
  try {
    writeSync(channelFd, `${JSON.stringify(message)}\n`)
  } catch {
    // Whoever started it has ended; it is ended too, by the run's watchdog.
  }
}
