import type { InterfaceKind } from '../project/project.js'

/** What a command line says of an interface. It counts before the environment and what is written in files. */
export interface SaidChoice {
  readonly name: string
  /** Where the implementation comes from, when that is said too. */
  readonly reference?: string
  /** `--broker`, `--plugins`. */
  readonly why: string
}

/** What a command line says, by interface. */
export type SaidChoices = ReadonlyMap<InterfaceKind, SaidChoice>
