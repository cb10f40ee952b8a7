import type { Terminal } from './terminal.js'

/** An option of a command, as data. */
export interface OptionSpec {
  /** As the help shows it: `-d, --detach`, `--timeout <ms>`, `--metadata <key=value...>`. */
  readonly flags: string
  readonly description: string
  /** The words that it takes, when it takes no others. */
  readonly choices?: readonly string[]
  /** It may be given again, and its value is the list of all that was given. One word each time, so that it takes none that belongs to the command. */
  readonly isRepeated?: boolean
  /** The help does not list it. */
  readonly isHidden?: boolean
}

/** A word after the command. */
export interface ArgumentSpec {
  /** `<name>`: must be there; `[name]`: may be; `[name...]`: any number. */
  readonly name: string
  readonly description: string
}

/** What the user has typed, parsed. */
export interface Invocation {
  readonly arguments: readonly (string | readonly string[] | undefined)[]
  /** By long name in camel case: `--dry-run` is `dryRun`. */
  readonly options: Readonly<Record<string, unknown>>
}

/** One command: what it takes, and what it does. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** Lines to type, the most useful first. The help begins with them. */
  readonly examples: readonly string[]
  readonly arguments?: readonly ArgumentSpec[]
  /** A word that may stand right behind the command, and says nothing: `service` in `micro new service orders`. */
  readonly idleWord?: string
  readonly options?: readonly OptionSpec[]
  /** Does it. Gives the exit code; undefined is 0. A failure is thrown as a MicroError and shown by main. */
  run(invocation: Invocation, terminal: Terminal): Promise<number | undefined | void>
}

/** A command that has verbs of its own: `micro plugin add`. Each is a command by the name `plugin add`. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  /** Lines to type, the most useful first. The help begins with them. */
  readonly examples: readonly string[]
  readonly verbs: Commands
}

/** Commands by name: what the help says of each, and how it is loaded, which happens when it is called. */
export type Commands = Readonly<
  Record<
    string,
    { readonly summary: string; readonly load: () => Promise<{ readonly command: Command } | { readonly group: CommandGroup }> }
  >
>
