import type { GitReference, Reference, Repository } from './reference.js'

/** The reference as text, in its one canonical spelling: parsing it gives the same reference again. */
export function formatReference(reference: Reference): string {
  switch (reference.from) {
    case 'core':
      return reference.word
    case 'own':
      return `${reference.kind}/${reference.name}`
    case 'npm':
      return `npm:${reference.name}`
    case 'path':
      return reference.path
    case 'git':
      return formatGit(reference)
  }
}

/**
 * What tells plugins apart: `github.com/alice/plugins//broker/kafka`. It has no revision and no transport, so two spellings of one plugin
 * meet here and nothing else does.
 */
export function canonicalKey(reference: Reference): string {
  switch (reference.from) {
    case 'core':
      return 'micro'
    case 'git':
      return keyOf(reference, reference.folder)
    case 'own':
    case 'npm':
    case 'path':
      return formatReference(reference)
  }
}

/** `github.com/alice/plugins`, or with a folder `github.com/alice/plugins//broker/kafka`. */
export function keyOf({ host, port, path }: Repository, folder?: string): string {
  return `${host}${port === undefined ? '' : `:${port}`}/${path}${folder === undefined ? '' : `//${folder}`}`
}

/** Where git finds it: a URL, or for `form: 'scp'` that form. `suffix` is put behind the path. */
export function urlOf(repository: Repository, suffix: '' | '.git'): string {
  const { host, port, path, access } = repository
  const place = `${host}${port === undefined ? '' : `:${port}`}/${path}${suffix}`
  if (access.transport === 'https') return `https://${place}`
  const name = access.user === undefined ? '' : `${access.user}@`
  return access.form === 'scp' ? `${name}${host}:${path}${suffix}` : `ssh://${name}${place}`
}

function formatGit(reference: GitReference): string {
  const { access, folder, revision } = reference
  const isShort = access.transport === 'https'
  const place = isShort ? keyOf(reference) : urlOf(reference, '')
  const below = folder === undefined ? '' : `//${folder}`
  return `${place}${below}${revision === undefined ? '' : `${isShort ? ':' : '#'}${revision.text}`}`
}
