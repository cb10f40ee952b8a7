import { MicroError, didYouMean } from '@microts/core/base'

/** What can be wrong about a command line, and about what a command looks for. */
export const cliErrors = {
  usage: (message: string, command: string | undefined) =>
    new MicroError('invalid_argument', message, {
      reason: 'USAGE',
      hint: `\`micro ${command === undefined ? '' : `${command} `}--help\` shows what can be typed.`,
    }),

  /** `group`: the command whose verb it is not. */
  unknownCommand: (word: string, known: readonly string[], group?: string) =>
    new MicroError('invalid_argument', `Unknown ${group === undefined ? 'command' : `verb of \`micro ${group}\``} "${word}"`, {
      reason: 'USAGE',
      hint: [
        didYouMean(word, known),
        group === undefined ? '`micro --help` lists the commands.' : `\`micro ${group} --help\` lists the verbs.`,
      ]
        .filter(Boolean)
        .join(' '),
      details: { word, known },
    }),

  notFromGit: (reference: string, instead: string) =>
    new MicroError('invalid_argument', `Cannot add "${reference}": only plugins from git are added, locked and linked`, {
      reason: 'USAGE',
      hint: instead,
      details: { reference },
    }),

  notJson: (what: string, cause: Error) =>
    new MicroError('invalid_argument', `Cannot read ${what} as JSON: ${cause.message}`, {
      reason: 'USAGE',
      hint: `Quote it for the shell: '{"item":"tea","quantity":2}'. With - it is read from standard input.`,
      cause,
    }),

  severalProjects: (folders: readonly string[]) =>
    new MicroError(
      'failed_precondition',
      `Cannot tell which project is meant: ${folders.length} are running, and this folder belongs to none`,
      {
        reason: 'PROJECT_AMBIGUOUS',
        hint: `Say which with --project: ${folders.join(' or ')}.`,
        details: { folders },
      },
    ),

  notRunning: (what: string) =>
    new MicroError('failed_precondition', `Cannot find a running project: ${what}`, {
      reason: 'NOT_RUNNING',
      hint: 'Start it with `micro up`.',
    }),

  unknownService: (name: string, known: readonly string[]) =>
    new MicroError(
      'not_found',
      `Cannot find service "${name}": ${known.length === 0 ? 'no service is running' : `running are ${known.join(', ')}`}`,
      {
        reason: 'SERVICE_UNKNOWN',
        hint: didYouMean(name, known) ?? '`micro services` lists those that run.',
        details: { name, known },
      },
    ),

  projectExists: (file: string) =>
    new MicroError('already_exists', `Cannot make a project here: ${file} is there already`, {
      reason: 'PROJECT_EXISTS',
      hint: 'Add services to it with `micro new <name>`, or run it with `micro up`.',
    }),

  nameInvalid: (name: string) =>
    new MicroError('invalid_argument', `Cannot name something "${name}": a name is 1 to 63 of a-z, 0-9 and "-", beginning with a letter`, {
      reason: 'NAME_INVALID',
      hint: `Try ${JSON.stringify(
        name
          .toLowerCase()
          .replace(/[^a-z0-9-]+/g, '-')
          .replace(/^[^a-z]+|-+$/g, '') || 'shop',
      )}.`,
    }),
}
