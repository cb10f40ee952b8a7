import type { MicroError } from '@microts/core/base'
import { gitErrors } from './errors.js'

/** What git said on its way out, as a failure that tells a user what to do. The texts are those of LC_ALL=C. */
export function explainFailure(stderr: string, url: string, what: string, exitCode: number | null): MicroError {
  const why = lastLine(stderr)
  const fsck = /object [0-9a-f]+: (.*)/.exec(stderr)?.[1]
  if (/fsck error|fsck_objects|index-pack failed/i.test(stderr)) return gitErrors.refusedObjects(url, fsck ?? why)
  if (/Host key verification failed/.test(stderr)) return gitErrors.hostKey(url)
  if (/transport '.*' not allowed/.test(stderr)) return gitErrors.transport(url)
  if (/returned error: 30[1-8]|redirect/i.test(stderr)) return gitErrors.redirected(url)
  if (/could not read (Username|Password)|Authentication failed|Permission denied|returned error: 40[13]/.test(stderr))
    return gitErrors.credentials(url, why)
  if (/repository '.*' not found|does not appear to be a git repository|not a git repository|returned error: 404/i.test(stderr))
    return gitErrors.notFound(url)
  if (/Could not resolve|Failed to connect|Connection (refused|reset|timed out|closed)|unable to access|early EOF|hung up/i.test(stderr))
    return gitErrors.unreachable(url, why)
  return gitErrors.failed(what, exitCode, why)
}

function lastLine(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).filter((line) => /^(fatal|error|ssh|remote):?/.test(line))
  return (lines.at(-1) ?? stderr.trim().split('\n').at(-1) ?? '').replace(/^(fatal|error): /, '')
}
