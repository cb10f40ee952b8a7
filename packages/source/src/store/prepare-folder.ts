import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isManifest } from '../manifest/find.js'
import type { ManifestText } from '../manifest/manifest.js'
import { type HashedFile, h1Of } from './h1.js'
import type { Prepared } from './prepare.js'
import { newEntry } from './store.js'

/** Copies files of a folder beside the store, as `prepare` does with those of a commit. Their hash is that of what was copied. */
export async function prepareFolder(root: string, files: readonly HashedFile[], store: string): Promise<Prepared> {
  const entry = await newEntry(store)
  const manifests: ManifestText[] = []
  let bytes = 0
  try {
    for (const { path, mode } of files) {
      const content = await readFile(join(root, path))
      bytes += content.length
      if (isManifest(path)) manifests.push({ file: path, text: content.toString('utf8') })
      entry.write(path, content, mode === '100755')
    }
    const h1 = h1Of(files)
    return {
      h1,
      files: files.length,
      bytes,
      committedAt: undefined,
      manifests,
      folder: entry.folder,
      place: () => entry.place(h1),
      discard: entry.discard,
    }
  } catch (error) {
    await entry.discard()
    throw error
  }
}
