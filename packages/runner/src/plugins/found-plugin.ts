import type { Catalog } from '../types/manifest.js'

/** A plugin that a reference leads to: its manifests are read, none of its code has run. */
export interface FoundPlugin {
  /** As it is written: `broker/nats`, `./plugins/mailer`, `github.com/alice/mailhog:develop`. */
  readonly reference: string
  /** Micro itself, one of Micro's own packages, a folder of the project, an installed package, a git repository. */
  readonly from: 'core' | 'own' | 'path' | 'npm' | 'git'
  /** The reference in its canonical form and without its revision: `github.com/alice/mailhog`. */
  readonly key: string
  /** The package's version; for git the branch or tag and the commit's first 12 digits: `develop 3f2c1ab90d12`. Absent for a folder. */
  readonly revision?: string
  /** Its types of service and implementations; each `file` is absolute. */
  readonly catalog: Catalog
  /** What its manifests name of other places, as it is written there. Each of them needs a reference of its own. */
  readonly pointers?: readonly string[]
  /** The absolute folder that its content is read from; in the store for git. Absent for core. */
  readonly folder?: string
  /** Git only: where the project shows `folder`, absolute: `<project>/plugins/github.com/alice/mailhog`. */
  readonly link?: string
}

/** What references lead to, by the reference as it is written. */
export type FoundPlugins = ReadonlyMap<string, FoundPlugin>
