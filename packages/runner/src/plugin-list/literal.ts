// Both Prettier's and our own formatter leave an object as it is that fits into this, and one that is broken after its brace.
const columns = 80

/**
 * Data as a TypeScript literal, in the form that formatters give it: on one line if it fits behind `taken` characters, else one property a line.
 * `indent` is what the line begins with.
 */
export function literal(value: unknown, indent = '', taken = indent.length): string {
  const flat = flatLiteral(value)
  if (typeof value !== 'object' || value === null || taken + flat.length + 1 <= columns) return flat
  const inner = `${indent}  `
  const line = (text: string) => `${inner}${text},\n`
  if (Array.isArray(value)) return `[\n${value.map((item) => line(literal(item, inner))).join('')}${indent}]`
  const properties = Object.entries(value).map(([key, item]) => {
    const before = `${keyOf(key)}: `
    return line(`${before}${literal(item, inner, inner.length + before.length)}`)
  })
  return `{\n${properties.join('')}${indent}}`
}

function flatLiteral(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(flatLiteral).join(', ')}]`
  const properties = Object.entries(value).map(([key, item]) => `${keyOf(key)}: ${flatLiteral(item)}`)
  return properties.length === 0 ? '{}' : `{ ${properties.join(', ')} }`
}

const keyOf = (key: string) => (/^[A-Za-z_$][A-Za-z0-9_$]*$/.test(key) ? key : quoted(key))

/** A text in single quotes, or in double ones where those need fewer escapes. */
export function quoted(text: string): string {
  const inDouble = JSON.stringify(text)
  const count = (quote: string) => text.split(quote).length
  if (count("'") > count('"')) return inDouble
  return `'${inDouble.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
