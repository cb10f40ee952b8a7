/** `line` as JSON on one line, whatever is in it: what tells of a failure must not fail itself. */
export function jsonLine(line: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(line, (_key, value: unknown) => (value instanceof Error ? errorData(value) : value))
  } catch {
    // A cycle or a BigInt, both rare: only they pay for the copy.
    return JSON.stringify(copyOf(line, []))
  }
}

function errorData(error: Error): object {
  const { name, message, stack, cause } = error
  // Of an AggregateError: a host with two addresses that takes no connection at either.
  const { errors } = error as { readonly errors?: unknown }
  return {
    type: name,
    ...ownOf(error),
    message,
    stack,
    ...(cause === undefined ? {} : { cause }),
    ...(errors === undefined ? {} : { errors }),
  }
}

// code, reason, hint, and whatever else was put on it.
function ownOf(error: object): object {
  return Object.fromEntries(Object.entries(error))
}

/** What JSON makes of `value`, with words for what it cannot say. `above`: what it stands in. */
function copyOf(value: unknown, above: readonly object[]): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) return '[Circular]'
  const within = [...above, value]
  try {
    if (value instanceof Error) return copyOfEntries(errorData(value), within)
    const { toJSON } = value as { readonly toJSON?: () => unknown }
    if (typeof toJSON === 'function') return copyOf(toJSON.call(value), within)
    return Array.isArray(value) ? value.map((one) => copyOf(one, within)) : copyOfEntries(value, within)
  } catch (error) {
    // A getter or a toJSON of somebody's threw.
    return `[${String(error)}]`
  }
}

function copyOfEntries(value: object, within: readonly object[]): object {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copyOf(one, within)]))
}
