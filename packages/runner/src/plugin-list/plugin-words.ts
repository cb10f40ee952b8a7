import { relative, resolve } from 'node:path'
import { type InterfaceKind, interfaceKinds } from '../project/project.js'
import { lookAtReference } from '../plugins/written.js'
import { builtIn } from '../build/added-plugins.js'
import type { Catalog } from '../types/manifest.js'
import { pluginListErrors } from './errors.js'

/** The word that empties a list. */
const nothing = 'none'

/**
 * The references that the words of `--plugins` name, each once, in their order and in the canonical spelling; a path, which is typed as it is seen
 * from `folder`, as it is seen from the project. `none` alone is no reference at all. Nothing is looked for.
 *
 * @throws MicroError `invalid_argument`: PLUGIN_WORDS_INVALID, PLUGIN_BUILT_IN, and those of a reference that is malformed;
 * `failed_precondition`/PLUGIN_KIND_MISMATCH for one of core's types of service
 */
export async function readPluginWords(
  words: readonly string[],
  { folder, project, catalog }: { readonly folder: string; readonly project: string; readonly catalog: Catalog },
): Promise<readonly string[]> {
  const references = words.flatMap((word) => word.split(',')).map((word) => word.trim())
  if (references.includes('')) throw pluginListErrors.words(words.join(','), 'there is a reference missing')
  if (references.includes(nothing)) {
    if (references.some((reference) => reference !== nothing))
      throw pluginListErrors.words(words.join(','), '"none" leaves no place for others')
    return []
  }
  const read: string[] = []
  for (const reference of references) read.push(await canonical(reference, { folder, project, catalog }))
  return [...new Set(read)]
}

/** Those of the words that a remote may have to be asked for, as they are typed. Nothing is checked. */
export function fetchedOf(words: readonly string[] = []): readonly string[] {
  const references = words.flatMap((word) => word.split(',')).map((word) => word.trim())
  return references.filter((reference) => lookAtReference(reference).is === 'elsewhere' && /^(?!npm:|[.-]).+\//.test(reference))
}

async function canonical(
  reference: string,
  { folder, project, catalog }: { readonly folder: string; readonly project: string; readonly catalog: Catalog },
): Promise<string> {
  const written = lookAtReference(reference)
  switch (written.is) {
    case 'core':
      throw pluginListErrors.core(reference)
    case 'own':
      if (isBuiltIn(written.kind, written.name)) throw pluginListErrors.builtIn(reference, written.kind, written.name)
      return reference
    case 'word':
      if (catalog.types.some(({ type }) => type === reference)) throw pluginListErrors.serviceType(reference, reference)
      return reference
    case 'elsewhere': {
      // It knows git's grammar, which a service on Micro's own plugins has no use for.
      const { formatReference, parseReference } = await import('@microts/source')
      const parsed = parseReference(reference)
      return parsed.from === 'path' ? fromProject(resolve(folder, parsed.path), project) : formatReference(parsed)
    }
  }
}

const isBuiltIn = (kind: string, name: string) => isInterface(kind) && builtIn[kind].includes(name)
const isInterface = (kind: string): kind is InterfaceKind => interfaceKinds.some((known) => known === kind)

function fromProject(path: string, project: string): string {
  const from = relative(project, path)
  if (from === '') return './'
  return from === '..' || from.startsWith('../') ? from : `./${from}`
}
