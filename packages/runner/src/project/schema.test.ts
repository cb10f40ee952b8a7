import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FoundPlugin } from '../plugins/found-plugin.js'
import { typeOfStranger } from '../testing/plugin-world.js'
import { typeManifest } from '../testing/programs.js'
import { parseManifest } from '../types/parse.js'
import { interfaceKinds } from './project.js'
import { projectSchema } from './schema.js'

interface ObjectSchema {
  readonly type: string
  readonly properties: Readonly<Record<string, ObjectSchema & { readonly enum?: string[]; readonly const?: string }>>
  readonly additionalProperties: ObjectSchema | false
  readonly required?: string[]
  readonly allOf?: readonly { readonly if: ObjectSchema; readonly then: ObjectSchema }[]
}

const catalog = parseManifest(typeManifest, '/types/micro.plugin.yml')
const serviceOf = (schema: ObjectSchema): ObjectSchema => {
  const service = schema.properties['services']?.additionalProperties
  assert.ok(service !== undefined && service !== false)
  return service
}

/** The types that the schema lets a service have: all that its conditions agree on. */
function typesFor(schema: ObjectSchema, plugin: string | undefined): readonly string[] | 'any' {
  const holds = ({ if: { properties, required = [] } }: { readonly if: ObjectSchema }) => {
    const wanted = properties['plugin']
    if (plugin === undefined) return !required.includes('plugin')
    return wanted?.enum?.includes(plugin) === true || wanted?.const === plugin
  }
  const [limit, ...more] = (serviceOf(schema).allOf ?? []).filter(holds)
  assert.equal(more.length, 0)
  return limit?.then.properties['type']?.enum ?? 'any'
}

test('projectSchema() has the keys of a file, refuses others, and completes types and versions', () => {
  const schema = projectSchema(catalog) as unknown as ObjectSchema

  assert.deepEqual(Object.keys(schema.properties), ['name', 'plugins', 'prefer', ...interfaceKinds, 'services'])
  assert.equal(schema.additionalProperties, false)
  const service = serviceOf(schema)
  assert.deepEqual(service.required, ['type'])
  assert.equal(service.additionalProperties, false)
  assert.equal(service.properties['type']?.enum, undefined)
  assert.deepEqual(typesFor(schema, undefined), ['node', 'catcher', 'catcher:v1.0.0', 'catcher:v1.1.0', 'bus'])
})

test('projectSchema() completes to the types of the plugin that a service names', () => {
  const reference = 'github.com/alice/mailhog:develop'
  const plugin: FoundPlugin = {
    reference,
    from: 'git',
    key: 'github.com/alice/mailhog',
    catalog: parseManifest(typeOfStranger('github.com/alice/mailhog', 'mailhog'), '/store/x/micro.plugin.yml'),
  }
  const schema = projectSchema(catalog, new Map([[reference, plugin]])) as unknown as ObjectSchema

  assert.deepEqual(typesFor(schema, reference), ['mailhog', 'mailhog:v1.0.0', 'mailhog:v1.0.3'])
  assert.deepEqual(typesFor(schema, 'micro'), typesFor(schema, undefined))
  assert.equal(typesFor(schema, 'github.com/bob/mailhog'), 'any')
})
