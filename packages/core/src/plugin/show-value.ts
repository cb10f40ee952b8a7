/** A value as a message shows it, as JSON, of which no more than 80 characters. */
export function showValue(value: unknown): string {
  try {
    const json = JSON.stringify(value) ?? String(value)
    return json.length > 80 ? `${json.slice(0, 77)}...` : json
  } catch {
    // A circle, or a bigint: code gave it, and no file.
    return `a ${typeof value} that JSON cannot say`
  }
}
