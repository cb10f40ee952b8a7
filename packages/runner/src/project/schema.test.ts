import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typeManifest } from '../testing/programs.js'
import { parseManifest } from '../types/parse.js'
import { interfaceKinds } from './project.js'
import { projectSchema } from './schema.js'

interface ObjectSchema {
  readonly type: string
  readonly properties: Readonly<Record<string, ObjectSchema & { readonly enum?: string[] }>>
  readonly additionalProperties: ObjectSchema | false
  readonly required?: string[]
}

test('projectSchema() has the keys of a file, refuses others, and completes types and versions', () => {
  const schema = projectSchema(parseManifest(typeManifest, '/types/micro.plugin.yml')) as unknown as ObjectSchema

  assert.deepEqual(Object.keys(schema.properties), ['name', 'plugins', 'prefer', ...interfaceKinds, 'services'])
  assert.equal(schema.additionalProperties, false)
  const service = schema.properties['services']?.additionalProperties
  assert.ok(service !== undefined && service !== false)
  assert.deepEqual(service.required, ['type'])
  assert.equal(service.additionalProperties, false)
  assert.deepEqual(service.properties['type']?.enum, ['node', 'catcher', 'catcher:v1.0.0', 'catcher:v1.1.0', 'bus'])
})
