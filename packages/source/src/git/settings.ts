import type { Environment } from '../machine/folders.js'
import { type Setting, settingsEnvironment } from './environment.js'
import { gitErrors } from './errors.js'
import { runGit } from './run-git.js'

const wanted = /^(credential\..+|http\.(.+\.)?(proxy|sslcainfo))$/
const mostBytes = 1024 * 1024
const longestMs = 10_000

/**
 * The user's settings that a fetch may know: credential helpers, proxies and certificate authorities, of all URLs, since git itself chooses
 * those that fit. Nothing else of the configuration counts: `url.<x>.insteadOf` would fetch from somewhere else than is shown, and
 * `core.sshCommand` runs a program.
 */
export async function readSettings(env: Environment): Promise<readonly Setting[]> {
  const { stdout } = await runGit({
    args: ['config', '--null', '--get-regexp', '^(credential|http)\\.'],
    env: settingsEnvironment(env),
    cwd: '/',
    about: "git's configuration",
    timeoutMs: longestMs,
    maxBytes: mostBytes,
    tooMuch: () => gitErrors.tooBig("git's configuration", 'bytes', mostBytes),
  })
  return stdout
    .toString('utf8')
    .split('\0')
    .flatMap((entry): Setting[] => {
      const at = entry.indexOf('\n')
      const key = at === -1 ? entry : entry.slice(0, at)
      return wanted.test(key) ? [[key, at === -1 ? 'true' : entry.slice(at + 1)]] : []
    })
}
