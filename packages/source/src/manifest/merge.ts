import type { Mistake } from '../yaml/mistake.js'
import { textOf } from '../yaml/tree.js'
import { manifestErrors } from './errors.js'
import { manifestNames, manifestsAmong } from './find.js'
import type { Catalog, Declaration, ManifestText } from './manifest.js'
import { readManifest } from './read.js'

/** Where manifests were found. */
export interface Origin {
  /** For messages, and what the plugins of `folder` are told apart by. */
  readonly key: string
  /** The key of the repository. Absent: a folder of the user's own project, or Micro's own repository; any uri will do there. */
  readonly repository?: string
  readonly folder?: string | undefined
}

const mostManifests = 200

/**
 * All manifests of a repository as one catalog: what lives there, of `folder` only when there is one, and what is named elsewhere.
 *
 * @throws MicroError `NO_MANIFEST`, `INVALID_MANIFEST` with every mistake in `details.mistakes`, `URI_MISMATCH`, `URI_TWICE`, and `NOT_IN_MANIFEST` for a folder that none declares
 */
export function mergeManifests(found: readonly ManifestText[], origin: Origin): Catalog {
  const files = manifestsAmong(found.map(({ file }) => file))
  if (files.length === 0) throw manifestErrors.none(origin.key, manifestNames)
  const mistakes: Mistake[] = []
  const all: Declaration[] = []
  for (const file of files.slice(0, mostManifests)) {
    const read = readManifest(found.find((manifest) => manifest.file === file) as ManifestText)
    mistakes.push(...read.mistakes)
    all.push(...read.declarations)
  }
  if (mistakes.length > 0) throw manifestErrors.invalid(origin.key, mistakes)
  for (const [index, declaration] of all.entries()) {
    const other = all.slice(0, index).find(({ key }) => key === declaration.key)
    if (other !== undefined) throw manifestErrors.uriTwice(origin.key, declaration.uri, declaration.place, other.place)
  }
  return divide(all, origin)
}

/** The types of service and the implementations (`broker/kafka`) of a catalog, sorted. */
export function providedBy({ plugins }: Catalog): { readonly types: readonly string[]; readonly implementations: readonly string[] } {
  const types = plugins.flatMap(({ service }) => textOf(service, 'type') ?? [])
  const implementations = plugins.flatMap(({ implementation }) => {
    const [kind, name] = [textOf(implementation, 'kind'), textOf(implementation, 'name')]
    return kind === undefined || name === undefined ? [] : [`${kind}/${name}`]
  })
  return { types: [...new Set(types)].sort(), implementations: [...new Set(implementations)].sort() }
}

function divide(all: readonly Declaration[], origin: Origin): Catalog {
  const { repository, key, folder } = origin
  const isContent = (declaration: Declaration) => declaration.service !== undefined || declaration.implementation !== undefined
  if (repository === undefined) return { plugins: all.filter(isContent), pointers: all.filter((declaration) => !isContent(declaration)) }
  for (const declaration of all) if (isContent(declaration)) checkUri(declaration, repository, key)
  const isHere = (declaration: Declaration) => isAtOrBelow(declaration.key, key)
  const plugins = all.filter(isHere)
  if (folder !== undefined && plugins.length === 0)
    throw manifestErrors.notDeclared(
      key,
      all.map(({ uri }) => uri),
    )
  return { plugins, pointers: all.filter((declaration) => !isHere(declaration)) }
}

/** It must be the repository, in the manifest's own folder or one below. */
function checkUri(declaration: Declaration, repository: string, key: string): void {
  const own = declaration.file.split('/').slice(0, -1).join('/')
  const wanted = own === '' ? repository : `${repository}//${own}`
  if (!isAtOrBelow(declaration.key, wanted)) throw manifestErrors.uriMismatch(key, declaration.uri, wanted, declaration.place)
}

/** `host/a/b//c` is below `host/a/b` and `host/a/b//c`; `host/a/bb` is not below `host/a/b`. */
function isAtOrBelow(key: string, above: string): boolean {
  return key === above || key.startsWith(`${above}${above.includes('//') ? '/' : '//'}`)
}
