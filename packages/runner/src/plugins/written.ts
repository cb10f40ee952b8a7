/** What can be told of a reference by looking at it. `elsewhere`: git, npm or a folder; only `@microts/source` can take it apart. */
export type Written =
  | { readonly is: 'core' }
  | { readonly is: 'own'; readonly kind: string; readonly name: string }
  /** A word alone, which names no place. */
  | { readonly is: 'word' }
  | { readonly is: 'elsewhere' }

const own = /^([a-z][a-z0-9-]*)\/([a-z][a-z0-9-]*)$/

/**
 * Sorts a reference. Most projects name plugins of Micro's own only: they are told here, so that the package that knows git need not be loaded to say so.
 */
export function lookAtReference(reference: string): Written {
  // Both words mean core, in either file.
  if (reference === 'micro' || reference === 'lando') return { is: 'core' }
  const [, kind, name] = own.exec(reference) ?? []
  if (kind !== undefined && name !== undefined) return { is: 'own', kind, name }
  return { is: /^[A-Za-z0-9_-]+$/.test(reference) && !reference.startsWith('-') ? 'word' : 'elsewhere' }
}
