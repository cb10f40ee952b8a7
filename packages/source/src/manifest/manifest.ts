import type { Place } from '@microts/core/base'
import type { Branch } from '../yaml/tree.js'

/** The text of a manifest; `file` is its path in the repository or folder, with `/`. */
export interface ManifestText {
  readonly file: string
  readonly text: string
}

/** One entry of a manifest: what is the same for all plugins. What a service type or an implementation says of itself is left as it stands. */
export interface Declaration {
  /** As it is written: `mailhog`, `github.com/alice/mailhog//broker/kafka`, `foo@example.com:bar/baz.git`. */
  readonly uri: string
  /** What tells it apart: `github.com/alice/mailhog//broker/kafka`; a word for one of core's. */
  readonly key: string
  readonly name: string
  readonly description: string
  /** The plugin APIs that it was made for. */
  readonly api?: string
  readonly capabilities: readonly string[]
  /** How to run a type of service. */
  readonly service?: Branch
  /** An implementation of an interface. */
  readonly implementation?: Branch
  /** The manifest, and where in it the entry stands. */
  readonly file: string
  readonly place: Place
}

/** What the manifests of a repository or folder declare. */
export interface Catalog {
  /** What lives there: entries with `service` or `implementation`, and entries without that name the place itself. */
  readonly plugins: readonly Declaration[]
  /** Entries that name another place. Each needs its own fetch and its own trust. */
  readonly pointers: readonly Declaration[]
}
