import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SchemaIssue, StandardSchemaV1 } from '../base/index.js'
import { memoryConfig } from './memory.js'
import { readConfig } from './read.js'
import { memorySource } from './source/memory.js'

type Check<Output> = (value: unknown) => { readonly value: Output } | { readonly issues: readonly SchemaIssue[] }
const schemaOf = <Output>(validate: Check<Output>): StandardSchemaV1<unknown, Output> => ({
  '~standard': { version: 1, vendor: 'test', validate },
})

const port = schemaOf<number>((value) => (typeof value === 'number' ? { value } : { issues: [{ message: 'expected a number' }] }))
const database = schemaOf<{ port: number }>((value) => {
  const { port } = (value ?? {}) as { port?: unknown }
  return typeof port === 'number' ? { value: { port } } : { issues: [{ message: 'expected a number', path: [{ key: 'port' }] }] }
})

const config = () =>
  memoryConfig({ initial: { database: { host: 'a', port: 1 } }, sources: [memorySource('env', { database: { port: 'x' }, size: 5 })] })

test('readConfig() gives what the schema gives', async () => {
  const size: number = readConfig(await config(), 'size', port)

  assert.equal(size, 5)
})

test('readConfig() gives the default only where nothing is', async () => {
  const given = await config()

  assert.equal(readConfig(given, 'nothing', port, { default: 7 }), 7)
  assert.equal(readConfig(given, 'size', port, { default: 7 }), 5)
})

test('readConfig() lets the schema have defaults of its own', async () => {
  const withDefault = schemaOf<string>((value) => ({ value: value === undefined ? 'fallback' : String(value) }))

  assert.equal(readConfig(await config(), 'nothing', withDefault), 'fallback')
})

test('readConfig() says what is missing', async () => {
  const given = await config()

  assert.throws(() => readConfig(given, 'database.name', port), {
    code: 'failed_precondition',
    reason: 'CONFIG_MISSING',
    details: { path: 'database.name' },
  })
})

test('readConfig() names path and source of what does not fit, and not the value', async () => {
  const given = await config()

  assert.throws(() => readConfig(given, 'database', database), {
    code: 'failed_precondition',
    reason: 'CONFIG_MISMATCH',
    details: { path: 'database', issues: ['database.port: expected a number (from "env")'] },
  })
  assert.throws(() => readConfig(given, 'database.host', port), {
    details: { path: 'database.host', issues: ['database.host: expected a number (from "initial")'] },
  })
})

test('readConfig() refuses an asynchronous schema', async () => {
  const given = await config()
  const slow: StandardSchemaV1<unknown, number> = { '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: 1 }) } }

  assert.throws(() => readConfig(given, 'size', slow), TypeError)
})
