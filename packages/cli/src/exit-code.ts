import type { MicroError } from '@microts/core/base'

/** What the exit codes of `micro` mean. `micro help exit-codes` shows them. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  invalidConfiguration: 3,
  missingDependency: 4,
  timeout: 5,
  unhealthy: 6,
  notRunning: 7,
  integrity: 8,
} as const

const usage = [
  'USAGE',
  'NAME_INVALID',
  'PROJECT_AMBIGUOUS',
  'BAD_PATTERN',
  'TRUST_SYNTAX',
  'TRUST_LOCK_NOT_FROZEN',
  'PLUGIN_WORDS_INVALID',
  'PLUGIN_BUILT_IN',
  'PLUGIN_REFERENCE',
  'PLUGIN_NOT_FROM_GIT',
  'PLUGIN_NOT_LOCKED',
  'NOT_LINKED',
  'UNKNOWN_PLUGIN',
]
// What is wrong about a reference itself. In a file of the user's it is configuration.
const reference = ['REF_SYNTAX', 'PROTO_DENIED', 'INSECURE', 'HOST_SYNTAX', 'PATH_ESCAPE', 'RESERVED_NAME', 'CRED_IN_URL']
// What somebody changed who should not have, and whom nobody has said to trust.
const integrity = [
  'HASH_MISMATCH',
  'TAG_MOVED',
  'HISTORY_UNRELATED',
  'UNREACHABLE_COMMIT',
  'LINK_WRONG',
  'LOCK_INCOMPLETE',
  'UNTRUSTED_SOURCE',
  'OBJECTS_REFUSED',
]
const invalidConfiguration = [
  'PROJECT_NOT_FOUND',
  'PROJECT_UNREADABLE',
  'NO_SERVICES',
  'PLUGINS_NOT_IMPORTED',
  'PLUGINS_EDITED',
  'PLUGIN_KIND_MISMATCH',
  'PLUGIN_API_MISMATCH',
  'PLUGIN_OPTIONS_INVALID',
  'AMBIGUOUS_PLUGIN',
  'DRIVER_UNSUPPORTED',
  'NO_DRIVER',
  'LOCK_FROZEN',
  'LOCK_CONFLICT',
  'LOCK_UNDECIDED',
  'LINKED_WHILE_FROZEN',
  'LINK_BLOCKED',
  'PLUGIN_FOLDER_MISSING',
]
const missingDependency = [
  'PLUGIN_NOT_INSTALLED',
  'PLUGIN_ENTRY_MISSING',
  'PLUGIN_NOT_IN_MANIFEST',
  'COMMAND_NOT_FOUND',
  'GIT_MISSING',
  'PLUGIN_PACKAGE_MISSING',
  'PLUGIN_NOT_FETCHED',
  'OFFLINE',
]
const unhealthy = ['NOT_READY', 'EXITED_EARLY']

/**
 * The exit code of a command that failed with `error`. What stands in a file of the user's, with its place, is configuration, unless it is a
 * mistake in the code of a service.
 */
export function exitCodeOf(error: MicroError): number {
  const { reason, code, place } = error
  if (usage.includes(reason) && place === undefined) return exitCodes.usage
  if (integrity.includes(reason)) return exitCodes.integrity
  // A file of a plugin can be refused for the same; then `details` has its path.
  if (reference.includes(reason) && place === undefined && error.details?.['path'] === undefined) return exitCodes.usage
  if (reason === 'NOT_RUNNING') return exitCodes.notRunning
  if (unhealthy.includes(reason)) return exitCodes.unhealthy
  if (missingDependency.includes(reason)) return exitCodes.missingDependency
  if (reason === 'BUILD_FAILED') return exitCodes.failure
  if (invalidConfiguration.includes(reason) || (code === 'invalid_argument' && place !== undefined)) return exitCodes.invalidConfiguration
  return code === 'deadline_exceeded' ? exitCodes.timeout : exitCodes.failure
}
