import type { SchemaIssue, SchemaOutput, StandardSchemaV1 } from '../base/index.js'
import type { Config, ConfigPath } from './config.js'
import { configErrors } from './errors.js'
import { parsePath, showPath } from './path.js'

/**
 * The setting at `path` as `schema` gives it back.
 *
 * `default` stands in when no source has a value; it is not validated. Without one the schema is asked about `undefined`, so its own defaults count.
 *
 * @throws `failed_precondition`/`CONFIG_MISSING` when nothing is there, and the schema wants something
 * @throws `failed_precondition`/`CONFIG_MISMATCH`, one line for each thing that is wrong, with its path and the source that says it
 * @throws a TypeError when the schema is asynchronous, which a read cannot wait for
 */
export function readConfig<Schema extends StandardSchemaV1>(
  config: Pick<Config, 'get' | 'sourceOf'>,
  path: ConfigPath,
  schema: Schema,
  options: { readonly default?: SchemaOutput<Schema> } = {},
): SchemaOutput<Schema> {
  const steps = parsePath(path)
  const value = config.get(steps)
  if (value === undefined && 'default' in options) return options.default

  const result = schema['~standard'].validate(value)
  if (result instanceof Promise)
    throw new TypeError(`The schema for the setting "${showPath(steps)}" is asynchronous, wanted a synchronous one`)
  if (result.issues === undefined) return result.value as SchemaOutput<Schema>
  if (value === undefined) throw configErrors.missing(showPath(steps))
  throw configErrors.mismatch(
    showPath(steps),
    result.issues.map((issue) => issueLine(config, steps, issue)),
  )
}

function issueLine(config: Pick<Config, 'sourceOf'>, steps: readonly string[], issue: SchemaIssue): string {
  const below = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step))
  const path = [...steps, ...below]
  return `${showPath(path)}: ${issue.message} (from ${nearestSource(config, path)})`
}

// What is missing, or stands inside a list, has no source of its own: the value around it does.
function nearestSource(config: Pick<Config, 'sourceOf'>, path: readonly string[]): string {
  for (let length = path.length; length >= 0; length--) {
    const source = config.sourceOf(path.slice(0, length))
    if (source !== undefined) return `"${source}"`
  }
  return 'no source'
}
