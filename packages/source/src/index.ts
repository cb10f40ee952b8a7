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
export { update } from './resolve/update.js'
export type { PluginUpdate, Updated, UpdateOptions } from './resolve/update.js'
export type { ContentDifference, Difference, FileDifference } from './resolve/difference.js'
export type { LoggedCommit, Relation } from './git/history.js'
export { outdated } from './resolve/outdated.js'
export type { PluginStanding, SeenCommit } from './resolve/outdated.js'
export { remove } from './resolve/remove.js'
export type { RemovedPlugin } from './resolve/remove.js'
export { unvendor, vendor } from './resolve/vendor.js'
export type { VendoredPlugin } from './resolve/vendor.js'
export { linkFolder, unlinkFolder } from './resolve/own-folder.js'
export type { LinkedFolder } from './resolve/own-folder.js'
export { mergeLock } from './resolve/merge-lock.js'
export type { DecidedRevision, MergedLock, MergeLockOptions } from './resolve/merge-lock.js'
export type { Undecided } from './lock/merge.js'
export { rankPlugins, search } from './resolve/search.js'
export type { RankedPlugin, SearchOptions, SearchResult } from './resolve/search.js'
export { freeCache, measureCache } from './resolve/cache.js'
export type { Kept, KeptPart } from './resolve/cache.js'
export { info } from './resolve/info.js'
export type { PluginInfo } from './resolve/info.js'
export { why } from './resolve/why.js'
export type { Asking, Reasons } from './resolve/why.js'
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
