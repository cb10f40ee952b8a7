import type { CommandGroup, Commands } from './command.js'
import { commands } from './commands/index.js'
import { exitCodes } from './exit-code.js'
import { renderTable } from './render/table.js'

/** What `micro` alone shows. */
export function generalHelp(): string {
  return [
    'Examples:',
    '  micro new shop && cd shop && micro up',
    `  micro call shop Shop.Hello '{"name":"Ada"}'`,
    '',
    'Commands:',
    summaries(commands),
    '',
    '`micro <command> --help` shows one of them. Every command takes --json and --no-color.',
    '`micro help exit-codes` says what the exit codes mean.',
  ].join('\n')
}

/** What a command with verbs shows when none is named. */
export function groupHelp({ name, summary, examples, verbs }: CommandGroup): string {
  return [
    'Examples:',
    ...examples.map((example) => `  ${example}`),
    '',
    summary,
    '',
    'Verbs:',
    summaries(verbs),
    '',
    `\`micro ${name} <verb> --help\` shows one of them. Every verb takes --json and --no-color.`,
  ].join('\n')
}

function summaries(listed: Commands): string {
  const [first = [], ...rest] = Object.entries(listed).map(([name, { summary }]) => [`  ${name}`, summary])
  return renderTable(first, rest)
}

/** What `micro help exit-codes` shows. */
export function exitCodeHelp(): string {
  const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
    ok: 'done',
    failure: 'it did not work; the message says why',
    usage: 'the command line is wrong',
    invalidConfiguration: 'micro.yml, an option or the environment is wrong',
    missingDependency: 'something that is needed is not installed',
    timeout: 'it was not done in time',
    unhealthy: 'a service did not become ready, or is not',
    notRunning: 'the project, or the service, is not running',
    integrity: 'a hash does not match, or a source is not trusted',
  }
  const rows = Object.entries(exitCodes).map(([name, code]) => [String(code), meanings[name as keyof typeof exitCodes]])
  return renderTable(['code', 'meaning'], [...rows, ['130', 'ended by Ctrl-C (SIGINT)'], ['143', 'ended by SIGTERM']])
}
