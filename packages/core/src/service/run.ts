import { MicroError } from '../base/index.js'
import type { PluginEntry } from '../plugin/index.js'
import { openChannel, type Channel } from './channel.js'
import type { ServiceOptions } from './definition.js'
import { sampleOf } from './sample.js'
import { readSettings, type Settings } from './settings.js'
import { startService, type RunningService, type StartOptions } from './start.js'

/** How a service is run as a process. */
export interface RunOptions extends Pick<StartOptions, 'plugins' | 'use'> {
  /** What plugins.ts exports. */
  readonly plugins?: readonly PluginEntry[]
}

/** Runs the service as this process: see {@link Service.run}. */
export async function runService(options: ServiceOptions, run: RunOptions = {}): Promise<void> {
  const argv = process.argv.slice(2)
  let channel: Channel = openChannel(undefined)
  try {
    const settings = readSettings(process.env, argv)
    channel = openChannel(settings.channel)
    const running = await startService(options, { ...run, env: process.env, argv })
    tellReady(running, options, channel)
    await untilSignal(running, settings, channel)
  } catch (thrown) {
    tellFailure(thrown, channel, options.name)
  } finally {
    channel.close()
  }
}

function tellReady(running: RunningService, options: ServiceOptions, channel: Channel): void {
  const { node, address, url, uses, version } = running
  const endpoints = Object.keys(options.endpoints ?? {})
  const topics = Object.keys(options.topics ?? {})
  channel.say({ type: 'ready', service: options.name, version, node, address, url, uses, endpoints, topics, samples: samplesOf(options) })
  running.context.log.info({ address, endpoints, topics }, 'ready')
}

// Only a runner shows them, so they are made when there is a channel; see sampleOf.
function samplesOf(options: ServiceOptions): Record<string, unknown> {
  const samples = Object.entries(options.endpoints ?? {}).map(([name, { input }]) => [name, sampleOf(input)] as const)
  return Object.fromEntries(samples.filter(([, sample]) => sample !== undefined))
}

// SIGINT is a person who waits; SIGTERM may be an orchestrator whose load balancer still sends calls, so it gets the grace.
async function untilSignal(running: RunningService, settings: Settings, channel: Channel): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  const now = () => process.exit(signal === 'SIGINT' ? 130 : 143)
  process.once('SIGTERM', now)
  process.once('SIGINT', now)
  channel.say({ type: 'stopping' })
  running.context.log.info({ signal }, 'stopping')
  await running.stop({ graceMs: signal === 'SIGTERM' ? settings.stopGraceMs : 0 })
  process.removeListener('SIGTERM', now)
  process.removeListener('SIGINT', now)
}

// A failure of the service's own code keeps its stack, which its author needs; a MicroError has said all in its message.
function tellFailure(thrown: unknown, channel: Channel, service: string): void {
  const error = MicroError.from(thrown)
  const { code, reason, message, hint, place } = error
  channel.say({ type: 'failed', error: { code, reason, message, hint, place } })
  const isOwn = MicroError.is(thrown)
  const lines = isOwn
    ? [`✗ ${message}`, ...(hint === undefined ? [] : [`  fix  ${hint}`])]
    : [`✗ Cannot run ${service}: ${(thrown as Error | undefined)?.stack ?? String(thrown)}`]
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exitCode = exitCodeOf(error)
}

function exitCodeOf(error: MicroError): number {
  if (error.code === 'invalid_argument') return 3
  if (error.reason === 'PLUGIN_NOT_LISTED' || error.reason === 'AMBIGUOUS_PLUGIN' || error.reason === 'PUBLIC_WITHOUT_AUTH') return 3
  return error.reason === 'PLUGIN_LOAD_FAILED' ? 4 : 1
}
