import type { FetchOptions } from '@microts/runner'
import type { Invocation, OptionSpec } from './command.js'
import { writeSourceEvents } from './render/source-event.js'
import type { Terminal } from './terminal.js'

/** The options of every command that may fetch a plugin. */
export const fetchingOptions: readonly OptionSpec[] = [
  {
    flags: '--trust <source>',
    description: 'trust a host, owner, repository or commit this time',
    isRepeated: true,
  },
  { flags: '--frozen', description: 'refuse any change of micro.lock, as in CI' },
  { flags: '--offline', description: 'use no network' },
  { flags: '--allow-local', description: 'let a mirror be a folder of this machine' },
]

/**
 * What {@link fetchingOptions} say, for a run whose events are drawn by whoever follows it. On a terminal one question is asked for all that is not
 * trusted; the first Ctrl-C gives up.
 */
export function fetchingOfRun(options: Invocation['options'], terminal: Terminal): FetchOptions {
  const trust = options['trust'] as readonly string[] | undefined
  return {
    ...(trust !== undefined && { trust }),
    ...(options['frozen'] === true && { frozen: true }),
    ...(options['offline'] === true && { offline: true }),
    ...(options['allowLocal'] === true && { allowLocal: true }),
    ...(terminal.isInteractive && {
      askTrust: async (questions) => {
        const { askTrust } = await import('./ask-trust.js')
        return askTrust(questions, terminal)
      },
    }),
    signal: terminal.interrupts.signal,
  }
}

/** As {@link fetchingOfRun}, for a command that follows no run: progress is drawn, and with `--json` each event is a line of data. */
export function fetchingFrom(options: Invocation['options'], terminal: Terminal): FetchOptions {
  const { interrupts } = terminal
  // The first Ctrl-C ends what is fetched; what the command does besides takes it for nothing, so that the second one ends all.
  void interrupts.again.then(() => process.exit(interrupts.exitCode()))
  return { ...fetchingOfRun(options, terminal), onEvent: writeSourceEvents(terminal) }
}

/** The words that say the same as `options` do, for a command that is started with them. */
export function fetchingWords(options: Invocation['options']): string[] {
  const trust = (options['trust'] ?? []) as readonly string[]
  const flags = { '--frozen': options['frozen'], '--offline': options['offline'], '--allow-local': options['allowLocal'] }
  return [...trust.map((source) => `--trust=${source}`), ...Object.entries(flags).flatMap(([word, said]) => (said === true ? [word] : []))]
}
