/** What a case is handed: a fresh subject, and what the harness can do with it. */
export interface CaseContext<Subject> {
  /** Made for this case alone. The harness disposes of it. */
  readonly subject: Subject
  /**
   * Another one that reaches the same data: a second connection to the same server. Disposed of by the harness.
   * Where an implementation lives in one process and has no second way in, it is the subject itself.
   */
  peer(): Promise<Subject>
  /** Lets `ms` milliseconds pass: by moving the clock that the subject was given, or by waiting. */
  advance(ms: number): Promise<void>
  /** Resolves when `condition` gives true, asking again now and then; rejects after `withinMs` (default 5000). For what arrives by itself. */
  eventually(condition: () => boolean | Promise<boolean>, withinMs?: number): Promise<void>
}

/** One documented behaviour. */
export interface ConformanceCase<Subject, Feature extends string = string> {
  /** A sentence that starts with the method: `get() of a key that was never put gives undefined`. */
  readonly name: string
  /** The feature that the behaviour belongs to. Without it in the subject's features, `refuses` runs instead of `run`. */
  readonly needs?: Feature
  /** Uses the feature on a subject that does not claim it. It must reject with `unimplemented`; a promise that resolves fails the case. */
  readonly refuses?: (context: CaseContext<Subject>) => Promise<unknown>
  /** Throws (node:assert) when the behaviour is not there. */
  run(context: CaseContext<Subject>): Promise<void>
}

/** A contract as test cases: data, so that any runner, `micro plugin check` and a dashboard can run it. No case depends on another. */
export interface Suite<Subject, Feature extends string = string> {
  /** The kind: `store`. */
  readonly kind: string
  /** All features that the contract knows. A subject that claims another one fails. */
  readonly features: readonly Feature[]
  readonly cases: readonly ConformanceCase<Subject, Feature>[]
}

/** What a suite needs of an implementation. */
export interface Harness<Subject> {
  /** A fresh, empty subject; called once a case. */
  create(): Promise<Subject> | Subject
  /** Another way to the data of `subject`. @default the subject itself */
  peer?(subject: Subject): Promise<Subject> | Subject
  /** Moves the clock that the subject was given. @default waits in real time */
  advance?(ms: number, subject: Subject): Promise<void>
  /** Called once for each subject and peer that was made, last made first. @default its close() */
  dispose?(subject: Subject): Promise<void>
  /** Cases that are known to fail, by name, each with its reason. Such a case must fail: once it passes, the run is red until the line is removed. */
  readonly knownFailures?: Readonly<Record<string, string>>
}
