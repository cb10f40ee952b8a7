import { MicroError, didYouMean } from '@microts/core/base'
import { shown } from '../reference/errors.js'

/** What can go wrong between here and a git repository. `key` is the repository's canonical name, `url` where it was looked for. */
export const gitErrors = {
  gitMissing: (cause: unknown) =>
    new MicroError('failed_precondition', 'Cannot fetch a plugin: there is no `git` on the PATH', {
      reason: 'GIT_MISSING',
      hint: 'Install git 2.31 or later. Plugins that are locked and present need none.',
      cause,
    }),

  silent: (url: string, timeoutMs: number) =>
    new MicroError('deadline_exceeded', `Gave up on ${shown(url)}: it was not done within ${timeoutMs} ms`, {
      reason: 'REMOTE_SILENT',
      hint: 'Try again, or look at the network and at the host.',
      details: { url, timeoutMs },
    }),

  unreachable: (url: string, why: string) =>
    new MicroError('unavailable', `Cannot reach ${shown(url)}: ${shown(why)}`, {
      reason: 'REMOTE_UNREACHABLE',
      hint: 'Look at the network. What the lock names and the store has starts without it, with --offline.',
      details: { url },
    }),

  credentials: (url: string, why: string) =>
    new MicroError('unauthenticated', `Cannot read ${shown(url)}: it is private or does not exist (${shown(why)})`, {
      reason: 'AUTH',
      hint: 'Look at its name. For a private one, set up a git credential helper, or name it in its ssh form: git@host:owner/repository.',
      details: { url },
    }),

  hostKey: (url: string) =>
    new MicroError('unauthenticated', `Cannot read ${shown(url)}: its host is not in known_hosts`, {
      reason: 'HOST_KEY_UNKNOWN',
      hint: 'Connect to it once with ssh, and compare the fingerprint that it shows.',
      details: { url },
    }),

  redirected: (url: string) =>
    new MicroError('failed_precondition', `Cannot read ${shown(url)}: it answers with another address, and redirects are not followed`, {
      reason: 'REDIRECT_HOST',
      hint: 'Open it in a browser, see where it is now, and write that name.',
      details: { url },
    }),

  notFound: (url: string) =>
    new MicroError('not_found', `Cannot read ${shown(url)}: there is no such repository`, {
      reason: 'REPOSITORY_NOT_FOUND',
      hint: 'Look at its name: host/owner/repository.',
      details: { url },
    }),

  failed: (what: string, exitCode: number | null, why: string) =>
    new MicroError('unavailable', `Cannot ${what}: git ended with ${exitCode ?? 'a signal'} (${shown(why)})`, {
      reason: 'GIT_FAILED',
      hint: 'The text in brackets is what git said.',
    }),

  refusedObjects: (url: string, why: string) =>
    new MicroError('invalid_argument', `Cannot use ${shown(url)}: git refuses its objects (${shown(why)})`, {
      reason: 'OBJECTS_REFUSED',
      hint: 'It holds names or data that git takes for an attack. Its author has to change that.',
      details: { url },
    }),

  transport: (url: string) =>
    new MicroError('invalid_argument', `Cannot fetch from ${shown(url)}: only https and ssh are used, http for a mirror on loopback only`, {
      reason: 'PROTO_DENIED',
      hint: 'Mend `mirrors` in the config file. A mirror on this disk (file://) needs --allow-local.',
    }),

  empty: (url: string) =>
    new MicroError('failed_precondition', `Cannot use ${shown(url)}: it has no commit, or is no git repository`, {
      reason: 'EMPTY_REPOSITORY',
      hint: 'Look at its name, or push something to it.',
      details: { url },
    }),

  revisionNotFound: (key: string, revision: string, names: readonly string[]) =>
    new MicroError('not_found', `Cannot find "${shown(revision)}" in ${key}: it has no such tag or branch`, {
      reason: 'REVISION_NOT_FOUND',
      hint: [
        didYouMean(revision, names),
        `It has ${names.slice(-8).map(shown).join(', ') || 'none'}. A commit is written with all its digits.`,
      ]
        .filter(Boolean)
        .join(' '),
      details: { key, revision },
    }),

  noVersionFits: (key: string, range: string, versions: readonly string[]) =>
    new MicroError(
      'not_found',
      `Cannot find a version of ${key} that fits "${range}": it has ${versions.slice(-8).map(shown).join(', ') || 'none'}`,
      {
        reason: 'NO_VERSION_FITS',
        hint: 'Name another range, a tag or a branch. Versions before a release, such as 2.0.0-rc.1, count only when the range names one.',
        details: { key, range, versions },
      },
    ),

  ambiguousRef: (key: string, name: string, hint: string) =>
    new MicroError('invalid_argument', `Cannot choose "${shown(name)}" of ${key}: there is more than one thing of that name`, {
      reason: 'AMBIGUOUS_REF',
      hint,
      details: { key, name },
    }),

  gone: (key: string, commit: string, url: string) =>
    new MicroError('not_found', `Cannot find commit ${commit} of ${key}: ${shown(url)} does not have it`, {
      reason: 'COMMIT_GONE',
      hint: 'If it is the locked one, its history was rewritten; `micro plugin add` again takes what is there now.',
      details: { key, commit, url },
    }),

  unreachableCommit: (key: string, commit: string, why: string) =>
    new MicroError('failed_precondition', `Cannot use commit ${commit} of ${key}: ${why}`, {
      reason: 'UNREACHABLE_COMMIT',
      hint: 'A host may serve commits of forks under the name of the original. If this one is meant, add --allow-unreachable.',
      details: { key, commit },
    }),

  unrelated: (key: string, revision: string, from: string, to: string) =>
    new MicroError('failed_precondition', `Cannot update ${key}: ${to} shares no history with ${from}, which the lock names`, {
      reason: 'HISTORY_UNRELATED',
      hint: `Its owner may have changed, or its history was written anew. Look at it; \`micro plugin add ${key}${revision === '' ? '' : `:${shown(revision)}`}\` takes it as it is now.`,
      details: { key, revision, from, to },
    }),

  unreadable: (key: string, why: string) =>
    new MicroError('data_loss', `Cannot read the fetched commit of ${key}: ${shown(why)}`, {
      reason: 'CACHE_CORRUPT',
      hint: 'Delete the folder `micro/git` of the cache (XDG_CACHE_HOME or ~/.cache) and try again.',
      details: { key },
    }),

  tooBig: (key: string, what: string, most: number) =>
    new MicroError('resource_exhausted', `Cannot use ${key}: it has more than ${most} ${what}`, {
      reason: 'TOO_BIG',
      hint: 'Name a folder in it with //, or ask its author for a smaller one.',
      details: { key, what, most },
    }),
}
