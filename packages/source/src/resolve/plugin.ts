import type { Catalog } from '../manifest/manifest.js'

/** A reference, resolved: a folder with its manifests read, or a name that somebody else resolves. */
export type ResolvedPlugin = GitPlugin | FolderPlugin | NamedPlugin

/** A plugin from git. Its bytes are those that the lock names. */
export interface GitPlugin {
  readonly from: 'git'
  /** As the user wrote it. */
  readonly reference: string
  /** `github.com/alice/plugins//broker/kafka`. */
  readonly key: string
  /** As it is written behind the reference; `''` for none. */
  readonly revision: string
  /** `linked` for one in whose place a folder of the user's stands: then `h1` is empty, and nothing of it is locked. */
  readonly commit: string
  readonly ref?: string
  readonly h1: string
  /** The entry of the store; a manifest's `file` is relative to it. Read-only. */
  readonly root: string
  /** The plugin's own folder, in `root`. */
  readonly folder: string
  /** Where the project shows it: `<project>/plugins/github.com/alice/plugins/broker/kafka`. */
  readonly link: string
  readonly catalog: Catalog
}

/** A folder of the project, or an installed package. It is not locked. */
export interface FolderPlugin {
  readonly from: 'path' | 'npm'
  readonly reference: string
  readonly key: string
  /** Absolute. */
  readonly folder: string
  readonly catalog: Catalog
}

/** One of Micro's own, by its name: where it is, its user knows. */
export interface NamedPlugin {
  readonly from: 'core' | 'own'
  readonly reference: string
  readonly key: string
}
