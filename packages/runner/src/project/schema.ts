import type { Catalog } from '../types/manifest.js'
import { type JsonSchema, jsonSchemaOf } from '../yaml/json-schema.js'
import type { Keys, Shape } from '../yaml/shape.js'
import { projectShape } from './keys.js'
import { ownType } from './check-types.js'

/**
 * The JSON Schema of `micro.yml` for editors, draft 2020-12: made from the tables that the file is checked with, so that the two agree;
 * `type` completes to the types of the catalog and their versions.
 */
export function projectSchema(catalog: Catalog): JsonSchema {
  const types = [ownType, ...catalog.types.flatMap(({ type, versions }) => [type, ...versions.map((version) => `${type}:${version}`)])]
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'micro.yml',
    ...jsonSchemaOf(withTypes(projectShape, types)),
  }
}

/** The shape, with each service's `type` limited to `types`. */
function withTypes(shape: Shape, types: readonly string[]): Shape {
  if (shape.is !== 'object') return shape
  const services = shape.keys['services']
  if (services?.shape.is !== 'map' || services.shape.of.is !== 'object') return shape
  const service = services.shape.of
  const type = service.keys['type']
  if (type?.shape.is !== 'string') return shape
  const keys: Keys = { ...service.keys, type: { ...type, shape: { ...type.shape, oneOf: types } } }
  return {
    ...shape,
    keys: { ...shape.keys, services: { ...services, shape: { ...services.shape, of: { ...service, keys } } } },
  }
}
