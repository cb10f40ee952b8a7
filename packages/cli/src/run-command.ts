import { MicroError } from '@microts/core/base'
import type { Commands } from './command.js'
import { commands } from './commands/index.js'
import { detachedVariable } from './detached.js'
import { cliErrors } from './errors.js'
import { exitCodeOf } from './exit-code.js'
import { exitCodeHelp, generalHelp, groupHelp } from './help.js'
import { parse } from './parse.js'
import { renderError } from './render/error.js'
import { processTerminal, type Terminal } from './terminal.js'

/** Runs the command that `words` name, and gives the exit code. Nothing is thrown: what fails is shown. */
export async function main(words: readonly string[], version: string): Promise<number> {
  const beforeRest = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  const terminal = processTerminal({ wantsJson: beforeRest.includes('--json'), color: !beforeRest.includes('--no-color') })
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A run in the background goes on when whoever started it has seen enough; for any other command (`micro logs | head`) that is the end, and no failure.
    if (error.code === 'EPIPE' && process.env[detachedVariable] === '1') return
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
  try {
    return (await dispatch(words, version, terminal)) ?? 0
  } catch (thrown) {
    return showFailure(thrown, terminal)
  }
}

async function dispatch(words: readonly string[], version: string, terminal: Terminal): Promise<number | undefined | void> {
  const at = words.findIndex((word) => !word.startsWith('-'))
  const name = words[at]
  if (name === undefined || name === 'help') return showHelp(words.slice(at + 1), words, version, terminal)
  return runNamed(name, words.toSpliced(at, 1), commands, terminal)
}

/** Runs the command or the verb `name`, `rest` being all other words. */
async function runNamed(
  name: string,
  rest: readonly string[],
  known: Commands,
  terminal: Terminal,
  group?: string,
): Promise<number | undefined | void> {
  const listed = Object.hasOwn(known, name) ? known[name] : undefined
  if (listed === undefined) throw cliErrors.unknownCommand(name, Object.keys(known), group)

  const loaded = await listed.load()
  if ('group' in loaded) {
    const { verbs } = loaded.group
    const at = rest.findIndex((word) => !word.startsWith('-'))
    const verb = rest[at]
    if (verb !== undefined) return runNamed(verb, rest.toSpliced(at, 1), verbs, terminal, name)
    refuseOptions(rest, ['--help', '-h'], name)
    return terminal.out(groupHelp(loaded.group))
  }
  const parsed = parse(loaded.command, rest)
  if ('help' in parsed) return terminal.out(parsed.help)
  return loaded.command.run(parsed.invocation, terminal)
}

async function showHelp(
  rest: readonly string[],
  words: readonly string[],
  version: string,
  terminal: Terminal,
): Promise<number | undefined | void> {
  const about = rest.filter((word) => !word.startsWith('-'))
  if (about[0] === 'exit-codes') return terminal.out(exitCodeHelp())
  if (about.length > 0) return dispatch([...about, '--help'], version, terminal)
  refuseOptions(words, ['--help', '-h', '--version', '-V'], undefined)
  if (words.includes('--version') || words.includes('-V')) return terminal.wantsJson ? terminal.json({ version }) : terminal.out(version)
  terminal.out(generalHelp())
}

function refuseOptions(words: readonly string[], known: readonly string[], command: string | undefined): void {
  const unknown = words.find((word) => word.startsWith('-') && ![...known, '--json', '--no-color'].includes(word))
  if (unknown !== undefined) throw cliErrors.usage(`Unknown option "${unknown}"`, command)
}

function showFailure(thrown: unknown, terminal: Terminal): number {
  terminal.status(undefined)
  const error = MicroError.from(thrown)
  // Whoever pressed Ctrl-C knows why nothing came of it.
  const interrupted = error.code === 'canceled' ? terminal.interrupts.exitCode() : undefined
  if (interrupted !== undefined && !terminal.wantsJson) return interrupted
  const { code, reason, message, hint, place, details } = error
  if (terminal.wantsJson) terminal.json({ type: 'error', code, reason, message, hint, place, details })
  else terminal.err(renderError(error, terminal))
  // What is no MicroError is a mistake of ours, and whoever reports it needs to see where.
  if (!MicroError.is(thrown) && thrown instanceof Error) terminal.err(terminal.style('dim', thrown.stack ?? ''))
  return interrupted ?? exitCodeOf(error)
}
