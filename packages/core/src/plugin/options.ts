/**
 * The subset of JSON Schema (2020-12) that options may be described in: what can be checked without a library and shown in a form.
 *
 * Top level: an object. A property that is not listed is refused. `checkOptionsSchema` tells what of a schema is outside the subset.
 */
export interface OptionsSchema extends ObjectSchema {
  /** For editors: `https://json-schema.org/draft/2020-12/schema`. */
  readonly $schema?: string
}

/** Options by their names: a letter, then letters, digits, `_` and `-`, 64 in all. */
export interface ObjectSchema {
  readonly type: 'object'
  readonly title?: string
  readonly description?: string
  readonly properties: Readonly<Record<string, OptionSchema>>
  readonly required?: readonly string[]
  /** Always so, also where it is left out. */
  readonly additionalProperties?: false
}

/** One option. A default is filled in where the option is left out, and must fit itself. */
export type OptionSchema = { readonly title?: string; readonly description?: string } & (
  | {
      readonly type: 'string'
      readonly default?: string
      readonly enum?: readonly string[]
      /** A regular expression that some part of the text must fit; of at most 500 characters, and without look-around and back references. */
      readonly pattern?: string
      /** Its value is never shown. @default false */
      readonly secret?: boolean
    }
  | { readonly type: 'integer' | 'number'; readonly default?: number; readonly minimum?: number; readonly maximum?: number }
  | { readonly type: 'boolean'; readonly default?: boolean }
  | {
      readonly type: 'array'
      readonly items: OptionSchema
      readonly default?: readonly unknown[]
      readonly minItems?: number
      readonly maxItems?: number
    }
  | (ObjectSchema & { readonly default?: Readonly<Record<string, unknown>> })
)
