import { systemClock } from '../base/index.js'
import { openChannel, type Channel } from './channel.js'
import type { ServiceOptions } from './definition.js'
import { textOf } from './environment.js'
import { tellFailure } from './failure.js'
import { sampleOf } from './sample.js'
import { readSettings } from './settings.js'
import { watchSignals, type SignalWatch } from './signals.js'
import { startService, type RunningService, type StartOptions } from './start.js'

/** How a service is run as a process. `plugins`: what plugins.ts exports. */
export type RunOptions = Pick<StartOptions, 'plugins' | 'use'>

/** Runs the service as this process: see {@link Service.run}. */
export async function runService(options: ServiceOptions, run: RunOptions = {}): Promise<void> {
  let channel: Channel = { say() {} }
  try {
    channel = openChannel(process.env)
    // The channel is this process's: what it starts must not take it for its own.
    delete process.env['MICRO_CHANNEL_FD']
    const argv = process.argv.slice(2)
    const running = await startService(options, { ...run, env: process.env, argv })
    // Before anyone hears that the service is ready: from then on a signal means an orderly stop.
    const signals = watchSignals()
    tellReady(running, options, channel)
    await stopOnSignal(running, signals, channel, readSettings(process.env, argv).stopGraceMs)
  } catch (thrown) {
    tellFailure(thrown, channel, textOf(process.env, 'MICRO_SERVER_NAME') ?? options.name)
  }
  endSoon()
}

function tellReady(running: RunningService, options: ServiceOptions, channel: Channel): void {
  const { name, node, address, url, uses, version } = running
  const endpoints = Object.keys(options.endpoints ?? {})
  const topics = Object.keys(options.topics ?? {})
  channel.say({ type: 'ready', service: name, version, node, address, url, uses, endpoints, topics, samples: samplesOf(options) })
  running.context.log.info({ address, endpoints, topics }, 'ready')
}

function samplesOf(options: ServiceOptions): Readonly<Record<string, unknown>> {
  const samples = Object.entries(options.endpoints ?? {}).map(([name, { input }]) => [name, sampleOf(input)] as const)
  return Object.fromEntries(samples.filter(([, sample]) => sample !== undefined))
}

// SIGINT is a person who waits; SIGTERM may be an orchestrator whose load balancer still sends calls, so it gets the grace.
async function stopOnSignal(running: RunningService, signals: SignalWatch, channel: Channel, graceMs: number): Promise<void> {
  const { log } = running.context
  const signal = await signals.first
  channel.say({ type: 'stopping' })
  log.info({ signal }, 'stopping')
  try {
    await running.stop({ graceMs: signal === 'SIGTERM' ? graceMs : 0 })
    log.info('stopped')
  } catch (error) {
    log.error({ err: error }, 'could not stop in good order')
    process.exitCode = 1
  } finally {
    signals.release()
  }
}

// What the program holds open besides, a pool or a timer, must not keep a stopped service alive for ever. The time is for its last words.
function endSoon(): void {
  systemClock.after(2000, () => process.exit(), { background: true })
}
