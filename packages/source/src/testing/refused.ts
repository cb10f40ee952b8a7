import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MicroError } from '@microts/core/base'
import type { SourceOptions } from '../resolve/options.js'
import { resolve } from '../resolve/resolve.js'
import type { World } from './world.js'

/** Resolves, expects the refusal, and that neither store, project nor marker shows anything of it. */
export async function refused(here: World, reference: string, reason: string, more: Partial<SourceOptions> = {}): Promise<MicroError> {
  const error = await resolve([reference], here.options(more)).then(
    () => assert.fail(`${reference} was not refused`),
    (thrown: unknown) => MicroError.from(thrown),
  )
  assert.equal(error.reason, reason, error.message)
  assert.deepEqual(here.stored(), [])
  assert.ok(!existsSync(join(here.project, 'micro.lock')))
  assert.ok(!existsSync(join(here.project, 'plugins')))
  assert.ok(!existsSync(join(here.root, 'marker')))
  return error
}
