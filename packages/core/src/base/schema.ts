import { baseErrors } from './errors.js'

/**
 * What any validation library offers under `~standard`: zod, valibot, arktype and others. Declared here, so that core needs no dependency.
 *
 * @see https://standardschema.dev for the specification, version 1
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
    /** Standard JSON Schema, where the library has it: what `micro describe` and OpenAPI show. */
    readonly jsonSchema?: {
      readonly input: (options: JsonSchemaTarget) => Record<string, unknown>
      readonly output: (options: JsonSchemaTarget) => Record<string, unknown>
    }
  }
}

/** Which dialect of JSON Schema is asked for. */
export interface JsonSchemaTarget {
  readonly target: 'draft-2020-12' | 'draft-07' | 'openapi-3.0'
}

/** The outcome of a validation: the value, or what is wrong with it. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong, and where. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema accepts. */
export type SchemaInput<Schema> = Schema extends { readonly '~standard': { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : unknown

/** What a schema gives once it has accepted. */
export type SchemaOutput<Schema> = Schema extends { readonly '~standard': { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly output: infer Output }
    ? Output
    : unknown
  : unknown

/**
 * `value` as `schema` gives it back; at once when the schema is synchronous, so that a synchronous path stays one.
 *
 * @throws `invalid_argument`/`SCHEMA_MISMATCH` with one line an issue; `what` names the thing: `"the input of Orders.Place"`
 */
export function validate<Output>(schema: StandardSchemaV1<unknown, Output>, value: unknown, what: string): Output | Promise<Output> {
  const result = schema['~standard'].validate(value)
  return result instanceof Promise ? result.then((settled) => accept(settled, what)) : accept(result, what)
}

function accept<Output>(result: SchemaResult<Output>, what: string): Output {
  if (result.issues === undefined) return result.value
  throw baseErrors.invalid(what, result.issues.map(issueLine))
}

function issueLine(issue: SchemaIssue): string {
  const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

/** The JSON Schema (2020-12) of what `schema` accepts (`input`) or gives (`output`), or undefined where its library cannot tell. */
export function jsonSchemaOf(schema: StandardSchemaV1, side: 'input' | 'output'): Record<string, unknown> | undefined {
  try {
    return schema['~standard'].jsonSchema?.[side]({ target: 'draft-2020-12' })
  } catch {
    // A schema with a transform or a custom check has no JSON Schema; that is a property of the schema, not a failure.
    return undefined
  }
}
