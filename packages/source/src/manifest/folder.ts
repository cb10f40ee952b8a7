import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isManifest, nearestManifests } from './find.js'
import type { ManifestText } from './manifest.js'

const deepest = 6
// A manifest that is larger is refused by its reader, which need not see all of it to say so.
const mostBytes = 64 * 1024 + 1

/** The manifests below a folder of the disk; links are not followed, and neither `node_modules` nor `.git` is looked into. */
export async function manifestsBelow(root: string): Promise<readonly ManifestText[]> {
  const found: ManifestText[] = []
  const look = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory() && depth < deepest && !['node_modules', '.git'].includes(entry.name)) await look(path, depth + 1)
      else if (entry.isFile() && isManifest(path)) found.push({ file: path, text: await readStart(join(root, path)) })
    }
  }
  await look('', 0)
  return found
}

/** The manifests of an entry of the store: as {@link manifestsBelow}, and of a folder only its own and the nearest above. */
export async function manifestsOfEntry(entry: string, folder: string | undefined): Promise<readonly ManifestText[]> {
  const all = await manifestsBelow(entry)
  if (folder === undefined) return all
  const parts = folder.split('/')
  const chain = parts.map((_, index) => parts.slice(0, parts.length - index).join('/'))
  const nearest = nearestManifests(
    all.map(({ file }) => file),
    [...chain, ''],
  )
  return all.filter(({ file }) => file.startsWith(`${folder}/`) || nearest.includes(file))
}

async function readStart(file: string): Promise<string> {
  const { size } = await stat(file)
  return size >= mostBytes ? '#'.repeat(mostBytes) : readFile(file, 'utf8')
}
