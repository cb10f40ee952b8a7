import { MicroError } from '@microts/core/base'
import { commands, type CommandName } from './commands/index.js'
import { detachedVariable } from './detached.js'
import { cliErrors } from './errors.js'
import { exitCodeOf } from './exit-code.js'
import { exitCodeHelp, generalHelp } from './help.js'
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
  const listed = Object.hasOwn(commands, name) ? commands[name as CommandName] : undefined
  if (listed === undefined) throw cliErrors.unknownCommand(name, Object.keys(commands))

  const { command } = await listed.load()
  const parsed = parse(
    command,
    words.filter((_word, index) => index !== at),
  )
  if ('help' in parsed) return terminal.out(parsed.help)
  return command.run(parsed.invocation, terminal)
}

async function showHelp(
  rest: readonly string[],
  words: readonly string[],
  version: string,
  terminal: Terminal,
): Promise<number | undefined | void> {
  const about = rest.find((word) => !word.startsWith('-'))
  if (about === 'exit-codes') return terminal.out(exitCodeHelp())
  if (about !== undefined) return dispatch([about, '--help'], version, terminal)
  const unknown = words.find((word) => word.startsWith('-') && !['--help', '-h', '--json', '--no-color', '--version', '-V'].includes(word))
  if (unknown !== undefined) throw cliErrors.usage(`Unknown option "${unknown}"`, undefined)
  if (words.includes('--version') || words.includes('-V')) return terminal.wantsJson ? terminal.json({ version }) : terminal.out(version)
  terminal.out(generalHelp())
}

function showFailure(thrown: unknown, terminal: Terminal): number {
  const error = MicroError.from(thrown)
  const { code, reason, message, hint, place, details } = error
  if (terminal.wantsJson) terminal.json({ type: 'error', code, reason, message, hint, place, details })
  else terminal.err(renderError(error, terminal))
  // What is no MicroError is a mistake of ours, and whoever reports it needs to see where.
  if (!MicroError.is(thrown) && thrown instanceof Error) terminal.err(terminal.style('dim', thrown.stack ?? ''))
  return exitCodeOf(error)
}
