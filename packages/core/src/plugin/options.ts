/**
 * The subset of JSON Schema (2020-12) that options may be described in: what can be checked without a library and shown in a form.
 *
 * Top level: an object. A property that is not listed is refused.
 */
export interface OptionsSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, OptionSchema>>
  readonly required?: readonly string[]
}

/** One option. */
export type OptionSchema = { readonly description?: string } & (
  | {
      readonly type: 'string'
      readonly default?: string
      readonly enum?: readonly string[]
      readonly pattern?: string
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
  | {
      readonly type: 'object'
      readonly properties: Readonly<Record<string, OptionSchema>>
      readonly required?: readonly string[]
      readonly default?: Readonly<Record<string, unknown>>
    }
)
