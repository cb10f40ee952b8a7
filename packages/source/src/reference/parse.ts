import { posix } from 'node:path'
import { MicroError } from '@microts/core/base'
import { referenceErrors, shown } from './errors.js'
import { fromForeign } from './foreign.js'
import { formatReference } from './format.js'
import { parseHost } from './host.js'
import type { Access, GitReference, Reference } from './reference.js'
import { parseRevision } from './revision.js'
import { checkSegments } from './segment.js'

const longestReference = 1000
const sugar = /^(github|gitlab):(?!\/\/)/
const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//
const scp = /^([^@/]*)@([^/@:]*):(.*)$/
const user = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/
const word = /^[a-z][a-z0-9-]*$/
const npmName = /^(@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/
const longestNpmName = 214
/** On these a repository is exactly `owner/name`. */
const ownerAndName = ['github.com', 'bitbucket.org']
/** These take `Alice` and `alice` for one. */
const oneCase = [...ownerAndName, 'gitlab.com']

/**
 * Reads how a person names a plugin. It reads no file and starts nothing; the same plugin has the same `canonicalKey`, however it is written.
 *
 * @throws MicroError `invalid_argument`: `REF_SYNTAX`, `PROTO_DENIED`, `INSECURE`, `HOST_SYNTAX`, `PATH_ESCAPE`, `RESERVED_NAME` or `CRED_IN_URL`
 * @example parseReference('github.com/alice/plugins//broker/kafka:^1.2')
 */
export function parseReference(text: string): Reference {
  try {
    return parseWritten(text)
  } catch (error) {
    const instead = MicroError.is(error) && mendable.includes(error.reason) ? mended(text) : undefined
    throw instead === undefined ? error : referenceErrors.instead(error as MicroError, instead)
  }
}

// Of the others nothing is proposed: whoever writes a password, or a path that leads out, has to look at it.
const mendable = ['REF_SYNTAX', 'PROTO_DENIED', 'HOST_SYNTAX']

/** The reference as it is written here, when it is written as another program has it. */
function mended(text: string): string | undefined {
  const written = text.length > longestReference ? undefined : fromForeign(text)
  if (written === undefined) return undefined
  try {
    return formatReference(parseWritten(written))
  } catch {
    return undefined // it is not that either, and what is wrong has been said
  }
}

function parseWritten(text: string): Reference {
  if (text === 'micro' || text === 'lando') return { from: 'core', word: text }
  checkText(text)
  if (text.startsWith('./') || text.startsWith('../')) return { from: 'path', path: normalPath(text) }
  if (/^([/~\\]|[A-Za-z]:[/\\])/.test(text))
    throw referenceErrors.transport(
      text,
      'it is a path that is not relative to the project',
      'Write a folder of the project as ./path or ../path.',
    )
  if (text.startsWith('npm:')) return parseNpm(text)
  if (sugar.test(text)) return parseShort(text.replace(sugar, '$1.com/'), text)
  const named = scheme.exec(text)?.[1]?.toLowerCase()
  if (named !== undefined) return parseUrl(named, text)
  refuseTransport(text)
  const head = text.split('/', 1)[0] as string
  if (head.includes('@')) return parseScp(text)
  if (/[.:]/.test(head) && text.includes('/')) return parseShort(text, text)
  return parseOwn(text)
}

function checkText(text: string): void {
  const hint = 'Write <kind>/<name>, host/owner/repository, npm:<package> or ./path.'
  if (text === '') throw referenceErrors.syntax(text, 'it is empty', hint)
  if (text.length > longestReference) throw referenceErrors.syntax(text, `it has more than ${longestReference} characters`, hint)
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) throw referenceErrors.syntax(text, 'it has a control character', hint)
  if (text.startsWith('-')) throw referenceErrors.syntax(text, 'it begins with "-", as an option does', hint)
  if (text !== text.trim()) throw referenceErrors.syntax(text, 'there is a space at its end', hint)
}

function normalPath(text: string): string {
  const path = posix.normalize(text)
  if (path === '..' || path.startsWith('../')) return path === '..' ? '../' : path
  return path === '.' || path === './' ? './' : `./${path}`
}

function parseNpm(text: string): Reference {
  const name = text.slice('npm:'.length)
  if (!npmName.test(name) || name.length > longestNpmName)
    throw referenceErrors.syntax(
      text,
      'no npm package has such a name',
      "Write npm:<package>; its version is the one in the project's package.json.",
    )
  return { from: 'npm', name }
}

/** `ext::`, `file:x`, `git::https://...`: whatever would make git start something else than https or ssh. */
function refuseTransport(text: string): void {
  if (!/^[A-Za-z0-9+-]+::|^(file|link|git|git\+\w+|https?|ssh|ftp|ext|fd|gist|bitbucket|jsr|data):/i.test(text)) return
  throw referenceErrors.transport(text, 'only https and ssh are used', 'Write https://host/owner/repository, or host/owner/repository.')
}

function parseUrl(named: string, text: string): GitReference {
  const rest = text.slice(named.length + '://'.length)
  const slash = rest.indexOf('/')
  const authority = slash === -1 ? rest : rest.slice(0, slash)
  const at = authority.lastIndexOf('@')
  const userInfo = at === -1 ? undefined : authority.slice(0, at)
  if (userInfo !== undefined && (!named.endsWith('ssh') || userInfo.includes(':'))) throw referenceErrors.credentials(text)
  if (named === 'http') throw referenceErrors.insecure(text, `Write https://${authority}/...`)
  if (named !== 'https' && named !== 'ssh') {
    const plain = 'https://host/owner/repository'
    throw referenceErrors.transport(
      text,
      `"${named}" is not used, only https and ssh`,
      `Write ${userInfo === undefined ? plain : 'ssh://git@host/path'}`,
    )
  }
  if (slash === -1) throw referenceErrors.syntax(text, 'it names no repository', `Write ${named}://host/owner/repository.`)
  const access: Access = named === 'https' ? { transport: 'https' } : { transport: 'ssh', form: 'url', ...readUser(userInfo, text) }
  return finish({ ...parseHost(authority.slice(at + 1), text, named === 'https' ? 443 : 22), access }, rest.slice(slash + 1), '#', text)
}

function parseScp(text: string): GitReference {
  if (/^[^/@]*:[^/]*@/.test(text)) throw referenceErrors.credentials(text)
  const [, name = '', host = '', path = ''] = scp.exec(text) ?? []
  if (host === '')
    throw referenceErrors.host(text, 'there is an "@" in its host', 'Write host/owner/repository, or for ssh user@host:path.')
  return finish({ ...parseHost(host, text, 22), access: { transport: 'ssh', form: 'scp', ...readUser(name, text) } }, path, '#', text)
}

function readUser(name: string | undefined, text: string): { readonly user?: string } {
  if (name === undefined) return {}
  if (!user.test(name)) throw referenceErrors.host(text, 'its user is no name that a system has', 'Write git@host:path.')
  return { user: name }
}

/** `written` is `text` without its sugar. */
function parseShort(written: string, text: string): GitReference {
  const slash = written.indexOf('/')
  const host = written.slice(0, slash)
  if (!/:\d+$/.test(host) && host.includes(':'))
    throw referenceErrors.host(text, 'what stands between its ":" and "/" is no port', `For ssh, write git@${text}`)
  return finish({ ...parseHost(host, text, 443), access: { transport: 'https' } }, written.slice(slash + 1), ':', text)
}

function finish(where: Pick<GitReference, 'host' | 'port' | 'access'>, rest: string, mark: ':' | '#', text: string): GitReference {
  const at = rest.indexOf(mark)
  const location = at === -1 ? rest : rest.slice(0, at)
  const other = mark === ':' ? '#' : ':'
  if (location.includes(other))
    throw referenceErrors.syntax(text, `"${other}" begins no revision here`, `Write the revision behind "${mark}".`)
  if (location.includes('?')) throw referenceErrors.syntax(text, 'it has a query', `Write the revision behind "${mark}".`)
  const below = location.indexOf('//')
  // Not of ".git" alone: that is no repository, and is refused as a name.
  const path = (below === -1 ? location : location.slice(0, below)).replace(/(?<=[^/])\.git$/i, '')
  const folder = below === -1 ? undefined : location.slice(below + '//'.length)
  checkSegments(path, text)
  checkRepository(where.host, path, text)
  if (folder !== undefined) checkSegments(folder, text)
  const revision = at === -1 ? undefined : parseRevision(rest.slice(at + 1), text)
  return {
    from: 'git',
    ...where,
    path: oneCase.includes(where.host) ? path.toLowerCase() : path,
    ...(folder !== undefined && { folder }),
    ...(revision !== undefined && { revision }),
  }
}

function checkRepository(host: string, path: string, text: string): void {
  const [owner, name, ...more] = path.split('/')
  if (!oneCase.includes(host)) return
  if (name === undefined) throw referenceErrors.syntax(text, `it names no repository of ${host}`, `Write ${host}/<owner>/<repository>.`)
  if (more.length > 0 && ownerAndName.includes(host))
    throw referenceErrors.syntax(
      text,
      `a repository of ${host} is <owner>/<repository>`,
      more[0] === 'tree' && more[1] !== undefined
        ? `Write ${host}/${owner}/${name}:${more.slice(1).join('/')}`
        : `For a folder in it, write ${host}/${owner}/${name}//${more.join('/')}`,
    )
}

function parseOwn(text: string): Reference {
  const [kind = '', name, ...more] = text.split('/')
  if (name !== undefined && more.length === 0 && word.test(kind) && word.test(name)) return { from: 'own', kind, name }
  if (more.length > 0)
    throw referenceErrors.host(
      text,
      `"${shown(kind)}" is no host`,
      `Write github.com/${more.length === 1 ? text.split('/').slice(1).join('/') : text}`,
    )
  if (name?.includes(':') === true)
    throw referenceErrors.syntax(text, "a plugin of Micro's own has the revision of Micro", `Write ${text.slice(0, text.indexOf(':'))}`)
  throw referenceErrors.syntax(text, 'it names no place', 'Write <kind>/<name>, host/owner/repository, npm:<package> or ./path.')
}
