import { isAbsolute } from 'node:path'
import type { Environment } from '../machine/folders.js'

/** One setting of git's, as `http.proxy` and its value. */
export type Setting = readonly [key: string, value: string]

// PATH is cut to absolute entries below. The lower-case names are those that curl has always read.
const passed = ['HOME', 'SSH_AUTH_SOCK', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy', 'SSL_CERT_FILE']

const ownSettings: readonly Setting[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['transfer.fsckObjects', 'true'],
  ['transfer.bundleURI', 'false'],
  ['protocol.version', '2'],
  ['http.followRedirects', 'false'],
  ['fetch.recurseSubmodules', 'no'],
  // Whatever comes is kept as one pack: fewer files, and its growth can be watched.
  ['fetch.unpackLimit', '1'],
  ['fetch.writeCommitGraph', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
]

/**
 * All of the environment that git gets: a whitelist, so that no variable and no file of configuration makes it run or read anything else.
 *
 * `transports`: what it may use, for example `['https']`; none at all for calls on what has been fetched. Settings travel in the environment and
 * not as `-c`, since a proxy's URL may hold a password and the arguments of a process can be read by everyone on the machine.
 */
export function gitEnvironment(env: Environment, transports: readonly string[], settings: readonly Setting[] = []): Record<string, string> {
  const all = [...ownSettings, ...settings]
  const environment: Record<string, string> = {
    ...searchPath(env),
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: transports.join(':'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: String(all.length),
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oPermitLocalCommand=no -oForwardAgent=no -oClearAllForwardings=yes',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
  }
  for (const name of passed) if (env[name] !== undefined) environment[name] = env[name]
  for (const [index, [key, value]] of all.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key
    environment[`GIT_CONFIG_VALUE_${index}`] = value
  }
  return environment
}

/** What git needs to tell the user's settings: its own files, and nothing of the environment. */
export function settingsEnvironment(env: Environment): Record<string, string> {
  const environment: Record<string, string> = { ...searchPath(env), LC_ALL: 'C', GIT_DIR: '/dev/null' }
  for (const name of ['HOME', 'XDG_CONFIG_HOME']) if (env[name] !== undefined) environment[name] = env[name]
  return environment
}

/** A relative entry of PATH would find a `git` that lies in the project. */
function searchPath(env: Environment): Record<string, string> {
  const entries = (env['PATH'] ?? '').split(':').filter((entry) => isAbsolute(entry))
  return { PATH: entries.join(':') }
}
