import type { FoundPlugins } from '../plugins/found-plugin.js'
import type { Catalog } from '../types/manifest.js'
import { type JsonSchema, jsonSchemaOf } from '../yaml/json-schema.js'
import { ownType } from './check-types.js'
import { projectShape } from './keys.js'

/**
 * The JSON Schema of `micro.yml` for editors, draft 2020-12: made from the tables that the file is checked with, so that the two agree.
 *
 * `type` completes to the types of the catalog and their versions; where a service names a plugin, to those of that plugin if it is among `found`,
 * else it is any word.
 */
export function projectSchema(catalog: Catalog, found: FoundPlugins = new Map()): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'micro.yml',
    ...withTypes(jsonSchemaOf(projectShape), catalog, found),
  }
}

/** The schema of a mapping, as {@link jsonSchemaOf} makes it. */
interface ObjectSchema {
  readonly properties: Readonly<Record<string, JsonSchema>>
}

function withTypes(schema: JsonSchema, catalog: Catalog, found: FoundPlugins): JsonSchema {
  const { properties } = schema as unknown as ObjectSchema
  const services = properties['services'] as { readonly additionalProperties: JsonSchema }
  const service = { ...services.additionalProperties, allOf: typesByPlugin(catalog, found) }
  return { ...schema, properties: { ...properties, services: { ...services, additionalProperties: service } } }
}

function typesByPlugin(catalog: Catalog, found: FoundPlugins): readonly JsonSchema[] {
  const ofPlugins = [...found.values()].filter(({ catalog: { types } }) => types.length > 0)
  return [
    // A condition on a property holds where it is left out: core is meant then.
    typesWhere({ properties: { plugin: { enum: ['micro', 'lando'] } } }, [ownType, ...wordsOf(catalog)]),
    ...ofPlugins.map((plugin) =>
      typesWhere({ properties: { plugin: { const: plugin.reference } }, required: ['plugin'] }, wordsOf(plugin.catalog)),
    ),
  ]
}

function typesWhere(condition: JsonSchema, words: readonly string[]): JsonSchema {
  // eslint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  return { if: condition, then: { properties: { type: { enum: words } } } }
}

/** `mailhog`, `mailhog:v1.0.0`, ... */
function wordsOf({ types }: Catalog): string[] {
  return types.flatMap(({ type, versions }) => [type, ...versions.map((version) => `${type}:${version}`)])
}
