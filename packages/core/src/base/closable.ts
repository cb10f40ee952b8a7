/** Something that holds resources until it is closed. */
export interface Closable {
  /**
   * Gives back all that it holds: connections, timers, files. Work that was accepted before is finished or refused first, never dropped in silence.
   * Twice is once. Afterwards every operation rejects with `failed_precondition`/`CLOSED`, and watches have ended.
   */
  close(): Promise<void>
}

/** What an implementation says of itself, besides what its interface asks. */
export interface Implementation<Feature extends string> {
  /** What it is, as the user chooses it: `"memory"`, `"nats"`. */
  readonly name: string
  /** The optional parts of the contract that it has. What is not listed is refused with `unimplemented`/`FEATURE_NOT_SUPPORTED`, never ignored. */
  readonly features: ReadonlySet<Feature>
}
