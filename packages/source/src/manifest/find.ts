/** The names of a manifest; when a folder has both, the first counts. */
export const manifestNames = ['micro.plugin.yml', 'lando.plugin.yml'] as const

// A manifest deeper than this in a repository is part of something else.
const deepest = 6
const skipped = ['node_modules', '.git']

/** Whether a file of a repository, by its path, is a manifest that counts. */
export function isManifest(path: string): boolean {
  const parts = path.split('/')
  const name = parts.pop() ?? ''
  return manifestNames.some((known) => known === name) && parts.length <= deepest && !parts.some((part) => skipped.includes(part))
}

/** Of all paths of a repository those of its manifests, one a folder, sorted. */
export function manifestsAmong(paths: readonly string[]): readonly string[] {
  const found = new Set(paths.filter(isManifest))
  return [...found]
    .filter((path) => !path.endsWith(manifestNames[1]) || !found.has(path.replace(manifestNames[1], manifestNames[0])))
    .sort()
}

/** The manifests of the first of `folders` (`''` is the root) that has one. */
export function nearestManifests(paths: readonly string[], folders: readonly string[]): readonly string[] {
  for (const folder of folders) {
    const found = manifestNames.map((name) => (folder === '' ? name : `${folder}/${name}`)).filter((path) => paths.includes(path))
    if (found.length > 0) return found
  }
  return []
}
