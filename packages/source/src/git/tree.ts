import { gitErrors } from './errors.js'
import { type CachedRepository, type GitTools, runLocal } from './repository.js'

/** One line of a commit's listing. */
export interface TreeEntry {
  /** `100644`, `100755`, `120000` for a link, `160000` for a submodule. */
  readonly mode: string
  readonly id: string
  /** Undefined for a submodule, and for a file that was left out because it is too large. */
  readonly bytes: number | undefined
  /** As it stands in git, without any check; `undefined` when it is not UTF-8. */
  readonly path: string | undefined
}

/**
 * Lists the files of a commit, of some paths only when there are any. No file has been read by then, so limits can be judged first.
 *
 * @throws MicroError `TOO_BIG` when the listing has no end, as that of a tree of trees of trees, and `CACHE_CORRUPT`
 */
export async function listTree(
  repository: CachedRepository,
  { key, commit, paths }: { readonly key: string; readonly commit: string; readonly paths: readonly string[] },
  tools: GitTools,
): Promise<readonly TreeEntry[]> {
  const { listingBytes } = tools.limits
  const { exitCode, stdout, stderr } = await runLocal(
    repository,
    ['ls-tree', '-r', '-l', '-z', '--full-tree', '--end-of-options', commit, ...paths],
    tools,
    {
      about: `the files of ${key}`,
      maxBytes: listingBytes,
      tooMuch: () => gitErrors.tooBig(key, 'bytes in the list of its files', listingBytes),
    },
  )
  if (exitCode !== 0) throw gitErrors.unreadable(key, stderr.trim())
  return parseListing(stdout)
}

function parseListing(output: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = []
  for (let start = 0, end = output.indexOf(0); end !== -1; start = end + 1, end = output.indexOf(0, start)) {
    const tab = output.indexOf(9, start)
    const [mode = '', , id = '', size = ''] = output.toString('latin1', start, tab).split(/ +/)
    entries.push({ mode, id, bytes: /^\d+$/.test(size) ? Number(size) : undefined, path: textOf(output.subarray(tab + 1, end)) })
  }
  return entries
}

function textOf(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined
}
