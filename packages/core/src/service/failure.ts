import { MicroError } from '../base/index.js'
import type { Channel } from './channel.js'

/** Tells runner and user why the service could not start, and sets the exit code. */
export function tellFailure(thrown: unknown, channel: Channel, service: string): void {
  const error = MicroError.from(thrown)
  const { code, reason, message, hint, place } = error
  channel.say({ type: 'failed', error: { code, reason, message, hint, place } })
  process.stderr.write(MicroError.is(thrown) ? ownText(error) : `✗ Cannot run ${service}: ${stackOf(thrown)}\n`)
  process.exitCode = exitCodeOf(error)
}

/** What a MicroError says is all that its reader needs. Only what a plugin's code threw unforeseen has a stack that its author needs. */
function ownText({ message, hint, reason, cause }: MicroError): string {
  const isBug = (reason === 'PLUGIN_CREATE_FAILED' || reason === 'PLUGIN_LOAD_FAILED') && cause instanceof Error && !('code' in cause)
  return [`✗ ${message}`, ...(hint === undefined ? [] : [`  fix  ${hint}`]), ...(isBug ? [stackOf(cause)] : []), ''].join('\n')
}

function stackOf(thrown: unknown): string {
  return (thrown as { readonly stack?: string } | null | undefined)?.stack ?? String(thrown)
}

const configurationReasons = new Set([
  'AMBIGUOUS_PLUGIN',
  'CONFIG_INVALID',
  'PLUGIN_API_MISMATCH',
  'PLUGIN_KIND_MISMATCH',
  'PLUGIN_NOT_LISTED',
  'PUBLIC_WITHOUT_AUTH',
])

/** 2: how it was called; 3: how it is configured; 4: something is not installed; 1: all else. */
function exitCodeOf({ code, reason }: MicroError): number {
  if (reason === 'FLAG_INVALID') return 2
  if (code === 'invalid_argument' || configurationReasons.has(reason)) return 3
  return reason === 'PLUGIN_LOAD_FAILED' ? 4 : 1
}
