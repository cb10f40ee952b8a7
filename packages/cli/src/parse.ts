import { Command as Commander, CommanderError, Option } from 'commander'
import type { Command, Invocation } from './command.js'
import { cliErrors } from './errors.js'

/** What was typed after the command's name; or `help`, the text that was asked for. */
export type Parsed = { readonly invocation: Invocation } | { readonly help: string }

/** Parses the words after the command's name. @throws `invalid_argument`/`USAGE` with the nearest option for one that is unknown */
export function parse(command: Command, words: readonly string[]): Parsed {
  let help = ''
  let complaint = ''
  let invocation: Invocation | undefined
  const parser = new Commander(`micro ${command.name}`)
    .description(command.summary)
    .exitOverride()
    .configureOutput({ writeOut: (text) => (help += text), writeErr: (text) => (complaint += text) })
    .option('--json', 'write data as JSON, one value a line')
    .option('--no-color', 'write without colours, as NO_COLOR=1 does')
    .addHelpText('before', `${['Examples:', ...command.examples.map((example) => `  ${example}`)].join('\n')}\n`)
  for (const { name, description } of command.arguments ?? []) parser.argument(name, description)
  for (const { flags, description, choices, isRepeated, isHidden } of command.options ?? []) {
    const option = new Option(flags, description)
    if (isRepeated === true) option.argParser((word: string, before: readonly string[] | undefined) => [...(before ?? []), word])
    if (isHidden === true) option.hideHelp()
    parser.addOption(choices === undefined ? option : option.choices(choices))
  }
  parser.action((...parts: unknown[]) => {
    const count = command.arguments?.length ?? 0
    invocation = { arguments: parts.slice(0, count) as Invocation['arguments'], options: parts[count] as Invocation['options'] }
  })

  try {
    parser.parse(withoutIdleWord(words, command.idleWord), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') return { help: help.trimEnd() }
    throw cliErrors.usage(sentence(complaint === '' ? error.message : complaint), command.name)
  }
  return { invocation: invocation as Invocation }
}

function withoutIdleWord(words: readonly string[], idle: string | undefined): string[] {
  const first = words.findIndex((word) => word !== '--json' && word !== '--no-color')
  return words.filter((word, index) => index !== first || word !== idle)
}

// The library writes `error: unknown option '--jsn'\n(Did you mean --json?)`; ours is one sentence.
function sentence(complaint: string): string {
  const text = complaint
    .trim()
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replaceAll("'", '"')
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '')
}
