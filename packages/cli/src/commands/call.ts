import { text } from 'node:stream/consumers'
import { createClient } from '@microts/core'
import type { Command } from '../command.js'
import { cliErrors } from '../errors.js'
import { projectOption, targetRun } from '../target.js'
import { clientOptionsOf } from '../run-environment.js'

type Call = (
  input: unknown,
  options: {
    readonly timeoutMs: number
    readonly metadata: Readonly<Record<string, string>>
    readonly address?: string
    readonly signal: AbortSignal
  },
) => Promise<unknown>

export const command: Command = {
  name: 'call',
  summary: 'Calls an endpoint of a service, and writes the reply as JSON.',
  examples: [
    `micro call orders Orders.Place '{"item":"tea","quantity":2}'`,
    'echo \'{"item":"tea","quantity":2}\' | micro call orders Orders.Place -',
  ],
  arguments: [
    { name: '<service>', description: 'its name in the registry' },
    { name: '<endpoint>', description: 'Handler.Method' },
    { name: '[input]', description: 'JSON; - reads it from standard input' },
  ],
  options: [
    { flags: '-t, --timeout <ms>', description: 'milliseconds to wait for the reply (10000)' },
    { flags: '-m, --metadata <key=value...>', description: 'travels beside the call, e.g. authorization="Bearer ..."' },
    { flags: '-a, --address <host:port>', description: 'calls this node, without asking the registry' },
    projectOption,
  ],
  async run({ arguments: [service, endpoint, input], options }, terminal) {
    const timeoutMs = milliseconds(options['timeout'])
    const metadata = metadataOf(options['metadata'])
    const value = await inputOf(input as string | undefined)
    const [handler, method, ...rest] = String(endpoint).split('.')
    if (handler === undefined || method === undefined || rest.length > 0)
      throw cliErrors.usage(`Endpoint "${String(endpoint)}" is not of the form Handler.Method`, 'call')

    const run = options['address'] === undefined ? await targetRun(terminal, options['project']) : undefined
    const node = run?.services.find((one) => one.kind === 'own' && one.service === service && one.state === 'ready')
    const address = (options['address'] as string | undefined) ?? node?.address
    const client = createClient(String(service), await clientOptionsOf(run, terminal)) as unknown as {
      readonly [handler: string]: { readonly [method: string]: Call }
    } & { close(): Promise<void> }
    try {
      const call = client[handler]?.[method] as Call
      const reply = await call(value, {
        timeoutMs,
        metadata,
        signal: terminal.interrupts.signal,
        ...(address === undefined ? {} : { address }),
      })
      terminal.out(JSON.stringify(reply ?? null, null, terminal.wantsJson ? undefined : 2))
    } finally {
      await client.close()
      terminal.interrupts.release()
    }
  },
}

function milliseconds(option: unknown): number {
  if (option === undefined) return 10_000
  const value = Number(option)
  if (!Number.isInteger(value) || value <= 0)
    throw cliErrors.usage(`--timeout is "${String(option)}", wanted a whole number of milliseconds`, 'call')
  return value
}

function metadataOf(option: unknown): Record<string, string> {
  const pairs = (option ?? []) as readonly string[]
  return Object.fromEntries(
    pairs.map((pair) => {
      if (!pair.includes('=')) throw cliErrors.usage(`--metadata is "${pair}", wanted key=value`, 'call')
      return [pair.slice(0, pair.indexOf('=')).toLowerCase(), pair.slice(pair.indexOf('=') + 1)]
    }),
  )
}

async function inputOf(argument: string | undefined): Promise<unknown> {
  const written = argument === '-' ? await text(process.stdin) : argument
  if (written === undefined || written.trim() === '') return undefined
  try {
    return JSON.parse(written) as unknown
  } catch (cause) {
    throw cliErrors.notJson('the input', cause as Error)
  }
}
