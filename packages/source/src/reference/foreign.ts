/**
 * How a reference might be written here that is written as npm, go-getter, pip or Go have it; undefined for one that none of them has. It may still be no
 * reference: whoever asks parses it.
 */
export function fromForeign(text: string): string | undefined {
  let rest = text.replace(/^[A-Za-z0-9._-]+ ?@ (?=git\+)/, '') // pip: `name @ git+https://...`
  rest = rest.replace(/^git::(?=https:\/\/|ssh:\/\/|[^:/]+@)/, '').replace(/^git\+(?=https:|ssh:)/, '')
  rest = rest.replace(/^git:\/\//, 'https://').replace(/^bitbucket:(?!\/\/)/, 'bitbucket.org/')
  // scp and a URL are mixed up: what follows the host is no port.
  rest = rest.replace(/^ssh:\/\/([^@/]+@[^:/]+):(?!\d+\/)/, '$1:')
  const [, head = '', hash] = /^([^#]*)(?:#(.*))?$/s.exec(rest) ?? []
  const [, place = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(head) ?? []
  const said = { ...fieldsOf(query), ...fragmentOf(hash) }
  const { address, revision } = splitRevision(place)
  const folder = said['subdirectory'] ?? said['path']
  const isUrl = /^[a-z]+:\/\/|^[^/]*@/i.test(address)
  // npm: an owner and a name with a revision are GitHub's.
  const named =
    hash !== undefined && /^[\w.-]+\/[\w.-]+$/.test(address) && !/^[^/]*\.[^/]*\//.test(address) ? `github.com/${address}` : address
  const found = said['ref'] ?? revision
  const mark = isUrl ? '#' : ':'
  const written = `${named}${folder === undefined ? '' : `//${folder.replace(/^\//, '')}`}${found === undefined || found === '' ? '' : `${mark}${found}`}`
  return written === text ? undefined : written
}

function fieldsOf(query: string | undefined): Readonly<Record<string, string>> {
  const known = ['ref', 'subdirectory']
  const fields = (query ?? '').split('&').map((field) => field.split('=') as [string, string?])
  return Object.fromEntries(
    fields.flatMap(([name, value]) => (known.includes(name) && value !== undefined ? [[name, value] as const] : [])),
  )
}

/** `v1`, `semver:^1`, `v1::path:sub` as npm has them; `egg=name&subdirectory=sub` as pip has it. */
function fragmentOf(hash: string | undefined): Readonly<Record<string, string>> {
  if (hash === undefined) return {}
  if (hash.includes('=') && !/^[<>=]/.test(hash) && !hash.startsWith('semver:')) return fieldsOf(hash)
  const parts = hash.split('::').map((part) => /^(?:(semver|path):)?(.*)$/s.exec(part) ?? [])
  return Object.fromEntries(
    parts.flatMap(([, name, value = '']) => (value === '' ? [] : [[name === 'path' ? 'path' : 'ref', value] as const])),
  )
}

/** `.../mailhog@v1` as pip and Go have it, `git@host:a/b:v1`. */
function splitRevision(place: string): { readonly address: string; readonly revision?: string } {
  const atRevision = /^((?:[a-z]+:\/\/[^/]+|[^/:]+(?::\d+)?)\/[^@]*)@([^@]+)$/s.exec(place)
  const [, address, revision] = atRevision ?? /^([^/]*@[^:/]+:[^:]+):([^:]+)$/s.exec(place) ?? []
  return address === undefined || revision === undefined ? { address: place } : { address, revision }
}
