import { writeSync } from 'node:fs'
import { MicroError } from '@microts/core/base'
import { readChannelFd, readOptions } from './settings.js'
import { mailCatcher, type MailCatcher } from './mail-catcher.js'
import type { Mail } from './mail.js'

// What is still open this long after a signal is cut off: the runner counts on one second.
const endWithinMs = 900

// The supervisor may end before we do. Its log and its channel are then gone; the run's watchdog ends this process.
process.stdout.on('error', () => undefined)

let channelFd: number = process.stdout.fd
let catcher: MailCatcher | undefined
let ending = false

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end)

try {
  channelFd = readChannelFd(process.env)
  const started = await mailCatcher(readOptions(process.env))
  // A signal that came while the ports were bound found nothing to close yet.
  if (ending) await started.close()
  else {
    catcher = started
    started.subscribe((event) => event.type === 'received' && log(event.mail))
    say({ type: 'ready', ports: started.ports })
  }
} catch (error) {
  const { code, reason, message, hint } = MicroError.from(error)
  say({ type: 'failed', error: { code, reason, message, hint } })
  process.exit(1)
}

function end(): void {
  if (ending) return
  ending = true
  setTimeout(() => process.exit(0), endWithinMs).unref()
  if (catcher !== undefined) void catcher.close().then(() => process.exit(0))
}

function say(message: object): void {
  try {
    writeSync(channelFd, `${JSON.stringify(message)}\n`)
  } catch {
    // Nobody reads the channel any more: there is nobody to tell, and mail is caught all the same.
  }
}

function log(mail: Mail): void {
  const line = { level: 30, time: mail.receivedAt.getTime(), msg: 'mail received', from: mail.from, to: mail.to, subject: mail.subject }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
