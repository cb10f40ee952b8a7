/**
 * From a reference to a folder, safely: the grammar of references, git, manifests, `micro.lock`, trust, and the store that plugins are kept in.
 * It has no terminal: everything returns data and events, and failures are MicroErrors. No code of a plugin runs here.
 */
export { parseReference } from './reference/parse.js'
export { canonicalKey, formatReference } from './reference/format.js'
export type {
  Access,
  CoreReference,
  GitReference,
  NpmReference,
  OwnReference,
  PathReference,
  Reference,
  Repository,
  Revision,
} from './reference/reference.js'

export { add, install, resolve } from './resolve/resolve.js'
export type { Resolved } from './resolve/resolve.js'
export { list, verify } from './resolve/list.js'
export type { ListedPlugin, Problem, Verification } from './resolve/list.js'
export { formatAvailable, listAvailable } from './resolve/available.js'
export type { AvailableOptions, AvailablePlugin } from './resolve/available.js'
export type { SourceOptions } from './resolve/options.js'
export type { SourceEvent } from './resolve/events.js'
export type { FolderPlugin, GitPlugin, NamedPlugin, ResolvedPlugin } from './resolve/plugin.js'

export type { Catalog, Declaration, ManifestText } from './manifest/manifest.js'
export { mergeManifests, providedBy } from './manifest/merge.js'
export type { Origin } from './manifest/merge.js'
export type { Branch, Entry, Leaf, List, Tree } from './yaml/tree.js'
export type { Mistake } from './yaml/mistake.js'

export type { Lock, LockedCommit, LockedPlugin } from './lock/lock.js'
export { addTrust, readUserConfig } from './trust/user-config.js'
export type { UserConfig } from './trust/user-config.js'
export type { TrustQuestion } from './trust/trust.js'
export type { Mirrors } from './git/remote.js'
export type { Limits } from './git/limits.js'
export { foldersOf } from './machine/folders.js'
export type { Environment, Folders } from './machine/folders.js'
