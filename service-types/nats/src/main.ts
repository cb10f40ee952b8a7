/** Our own NATS server as a program: what the embedded driver starts. */
import { writeSync } from 'node:fs'
import { MicroError } from '@microts/core/base'
import { natsServer, type NatsServer, type NatsServerEvent } from '@microts/core/nats'
import { readChannelFd, readOptions } from './settings.js'

// What is still open this long after a signal is cut off: the runner counts on one second.
const endWithinMs = 900

// The supervisor may end before we do. Its log and its channel are then gone; the run's watchdog ends this process.
process.stdout.on('error', () => undefined)

let channelFd: number = process.stdout.fd
let server: NatsServer | undefined
let isEnding = false

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end)

try {
  channelFd = readChannelFd(process.env)
  const started = await natsServer({ ...readOptions(process.env), onEvent: log })
  // A signal that came while the port was bound found nothing to close yet.
  if (isEnding) await started.close()
  else {
    server = started
    say({ type: 'ready', ports: { client: started.port } })
  }
} catch (error) {
  const { code, reason, message, hint } = MicroError.from(error)
  say({ type: 'failed', error: { code, reason, message, hint } })
  process.exit(1)
}

function end(): void {
  // A second signal: at once.
  if (isEnding) process.exit(0)
  isEnding = true
  say({ type: 'stopping' })
  setTimeout(() => process.exit(0), endWithinMs).unref()
  if (server !== undefined) void server.close().then(() => process.exit(0))
}

function say(message: object): void {
  try {
    writeSync(channelFd, `${JSON.stringify(message)}\n`)
  } catch {
    // Nobody reads the channel any more: there is nobody to tell, and messages are carried all the same.
  }
}

/** Who comes and goes is no news; who loses messages is. */
function log({ type, clientId, clientName }: NatsServerEvent): void {
  if (type !== 'slow-consumer') return
  const msg = 'a client was cut off since it does not read what is sent to it'
  process.stdout.write(`${JSON.stringify({ level: 40, time: Date.now(), msg, client: clientName ?? clientId })}\n`)
}
