/** What happens while plugins are found, fetched and put in place. `key` is the canonical key of a plugin. */
export type SourceEvent =
  /** Its remote is asked what it has. */
  | { readonly is: 'asking'; readonly key: string; readonly url: string }
  /** What a revision means; `why` is for people: `the highest version`. */
  | {
      readonly is: 'chosen'
      readonly key: string
      readonly revision: string
      readonly commit: string
      readonly ref?: string
      readonly why: string
    }
  | { readonly is: 'fetching'; readonly key: string; readonly commit: string; readonly url: string }
  /** A few times a second, while it fetches. */
  | { readonly is: 'received'; readonly key: string; readonly bytes: number }
  | {
      readonly is: 'fetched'
      readonly key: string
      readonly commit: string
      readonly files: number
      readonly bytes: number
      readonly ms: number
    }
  /** A branch or a range means another commit than the lock said. */
  | { readonly is: 'moved'; readonly key: string; readonly revision: string; readonly from: string; readonly to: string }
  | { readonly is: 'trusted'; readonly sources: readonly string[] }
  /** It is in the store, and in the lock. */
  | { readonly is: 'ready'; readonly key: string; readonly commit: string; readonly h1: string }
  /** Below the project's `plugins/`. */
  | { readonly is: 'linked'; readonly path: string }
  | { readonly is: 'locked'; readonly file: string }
  /** An index could not be asked; what it said the last time counts. */
  | { readonly is: 'index-stale'; readonly key: string; readonly why: string }
