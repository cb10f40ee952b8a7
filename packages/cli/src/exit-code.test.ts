import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError, type Code } from '@microts/core/base'
import { exitCodeOf } from './exit-code.js'

const place = { file: 'micro.yml', line: 2 }

for (const [reason, code, exit, more] of [
  ['HASH_MISMATCH', 'data_loss', 8],
  ['TAG_MOVED', 'failed_precondition', 8],
  ['UNTRUSTED_SOURCE', 'permission_denied', 8, { place }],
  ['REF_SYNTAX', 'invalid_argument', 2],
  ['REF_SYNTAX', 'invalid_argument', 3, { place }],
  ['PATH_ESCAPE', 'invalid_argument', 2],
  ['PATH_ESCAPE', 'invalid_argument', 1, { details: { path: '../x' } }],
  ['TRUST_SYNTAX', 'invalid_argument', 2],
  ['LOCK_FROZEN', 'failed_precondition', 3],
  ['USER_CONFIG_INVALID', 'invalid_argument', 3, { place }],
  ['OFFLINE', 'unavailable', 4],
  ['GIT_MISSING', 'failed_precondition', 4],
  ['REMOTE_SILENT', 'deadline_exceeded', 5],
  ['REMOTE_UNREACHABLE', 'unavailable', 1],
] as const satisfies readonly (readonly [string, Code, number, object?])[])
  test(`exitCodeOf() gives ${exit} for ${reason}${more === undefined ? '' : ` with ${Object.keys(more).join()}`}`, () => {
    assert.equal(exitCodeOf(new MicroError(code, 'It failed', { reason, ...more })), exit)
  })
