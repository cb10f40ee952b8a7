/** How much of a stranger's is taken. Beyond it a plugin is refused. */
export interface Limits {
  /** Bytes that a fetch may bring. */
  readonly fetchBytes: number
  /** Bytes of commits without files, which are only looked through. */
  readonly historyBytes: number
  /** Bytes of all files of a plugin. */
  readonly totalBytes: number
  readonly fileBytes: number
  readonly files: number
  /** Bytes that the listing of a commit's files may have. */
  readonly listingBytes: number
}

const mebibyte = 1024 * 1024

/** A plugin is text and one bundled module; the largest seen of others (tilt-extensions, 419 files and 3.3 MB) has room many times over. */
export const standardLimits: Limits = {
  fetchBytes: 256 * mebibyte,
  // Some 200 000 commits.
  historyBytes: 64 * mebibyte,
  totalBytes: 64 * mebibyte,
  fileBytes: 16 * mebibyte,
  files: 5000,
  listingBytes: 8 * mebibyte,
}
