import { createHash } from 'node:crypto'
import { fetchCommit } from '../git/fetch.js'
import { readObjects } from '../git/objects.js'
import { type CachedRepository, type GitTools, type Remote, withRepository } from '../git/repository.js'
import { type TreeEntry, listTree } from '../git/tree.js'
import { isManifest, manifestNames, nearestManifests } from '../manifest/find.js'
import type { ManifestText } from '../manifest/manifest.js'
import { type CheckedFile, checkFiles } from './check-files.js'
import { storeErrors } from './errors.js'
import { h1Of } from './h1.js'
import { type NewEntry, newEntry } from './store.js'

/** What to bring into the store. */
export interface Wanted {
  readonly remote: Remote
  /** The canonical key, with the folder. */
  readonly key: string
  readonly folder: string | undefined
  readonly commit: string
  readonly ref?: string | undefined
  readonly onBytes?: (bytes: number) => void
}

/** A plugin's content, whole and checked, that has no name in the store yet. */
export interface Prepared {
  readonly h1: string
  readonly files: number
  readonly bytes: number
  /** Milliseconds since 1970 UTC, as the commit says. */
  readonly committedAt: number | undefined
  readonly manifests: readonly ManifestText[]
  /** Where it is until it is placed. */
  readonly folder: string
  /** Gives it its name in the store. */
  readonly place: () => Promise<string>
  readonly discard: () => Promise<void>
}

/**
 * Fetches a commit and writes the files of the plugin beside the store: the whole repository, or with `folder` that folder and its manifest.
 * Nothing is checked out, and nothing of it runs.
 *
 * @throws MicroError what fetching and `checkFiles()` throw, and `FOLDER_NOT_IN_REPOSITORY`
 */
export async function prepare(wanted: Wanted, store: string, tools: GitTools): Promise<Prepared> {
  return withRepository(wanted.remote, wanted.commit, tools, async (repository) => {
    await fetchCommit(repository, wanted, tools)
    const files = checkFiles(wanted.key, await filesOf(repository, wanted, tools), tools.limits)
    const entry = await newEntry(store)
    try {
      const written = await writeAll(repository, files, wanted, { entry, tools })
      const { h1 } = written
      return {
        ...written,
        files: files.length,
        bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        folder: entry.folder,
        place: () => entry.place(h1),
        discard: entry.discard,
      }
    } catch (error) {
      await entry.discard()
      throw error
    }
  })
}

async function filesOf(repository: CachedRepository, { key, commit, folder }: Wanted, tools: GitTools): Promise<readonly TreeEntry[]> {
  if (folder === undefined) return listTree(repository, { key, commit, paths: [] }, tools)
  const parents = parentsOf(folder)
  const paths = [folder, ...parents.flatMap((parent) => manifestNames.map((name) => join(parent, name)))]
  const entries = await listTree(repository, { key, commit, paths }, tools)
  const inside = entries.filter(({ path }) => path === folder || path?.startsWith(`${folder}/`) !== false)
  if (!inside.some(({ path }) => path?.startsWith(`${folder}/`) === true)) throw storeErrors.noFolder(key, folder, commit)
  const nearest = nearestManifests(
    entries.map(({ path }) => path ?? ''),
    [folder, ...parents],
  )
  return [...inside, ...entries.filter((entry) => !inside.includes(entry) && nearest.includes(entry.path ?? ''))]
}

/** From the folder's own parent to the root, which is `''`. */
function parentsOf(folder: string): string[] {
  const parts = folder.split('/')
  return parts.map((_, index) => parts.slice(0, parts.length - 1 - index).join('/'))
}

const join = (folder: string, name: string) => (folder === '' ? name : `${folder}/${name}`)

async function writeAll(
  repository: CachedRepository,
  files: readonly CheckedFile[],
  { key, commit }: Wanted,
  { entry, tools }: { readonly entry: NewEntry; readonly tools: GitTools },
): Promise<Pick<Prepared, 'h1' | 'committedAt' | 'manifests'>> {
  const sums: string[] = []
  const manifests: ManifestText[] = []
  let committedAt: number | undefined
  await readObjects(
    repository,
    {
      key,
      ids: [commit, ...files.map(({ id }) => id)],
      maxBytes: tools.limits.totalBytes + mostCommit,
      onObject: (index, type, bytes) => {
        const file = files[index - 1]
        if (file === undefined) {
          committedAt = dateOf(bytes)
          return
        }
        if (type !== 'blob' || bytes.length !== file.bytes) throw storeErrors.fetchedOther(key, commit, file.id, type)
        sums[index - 1] = createHash('sha256').update(bytes).digest('hex')
        if (isManifest(file.path)) manifests.push({ file: file.path, text: bytes.toString('utf8') })
        entry.write(file.path, bytes, file.mode === '100755')
      },
    },
    tools,
  )
  const h1 = h1Of(files.map(({ mode, path }, index) => ({ mode, path, sha256: sums[index] as string })))
  return { h1, committedAt, manifests }
}

// A commit's message has no limit of its own.
const mostCommit = 1024 * 1024

/** `committer Alice <alice@example.com> 1700000000 +0100` */
function dateOf(commit: Buffer): number | undefined {
  const seconds = /^committer .*> (\d{1,12}) [+-]\d{4}$/m.exec(commit.toString('utf8'))?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
