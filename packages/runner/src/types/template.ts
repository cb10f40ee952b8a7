/** What may be filled into a text of a manifest: `port.http`, `data`, `tag`. */
export type Fillings = Readonly<Record<string, string | number>>

const placeholder = /\$\{([^}]*)\}/g

/** `text` with each `${name}` replaced; a name that has no filling stays as it is, since {@link unknownPlaceholders} has been asked before. */
export function fill(text: string, fillings: Fillings): string {
  return text.replace(placeholder, (whole, name: string) => (Object.hasOwn(fillings, name) ? String(fillings[name]) : whole))
}

/** The placeholders of `text` that are not in `known`, as they stand there. */
export function unknownPlaceholders(text: string, known: readonly string[]): string[] {
  return [...text.matchAll(placeholder)].filter(([, name = '']) => !known.includes(name)).map(([whole]) => whole)
}

/** Fillings for ports: `port.<name>`. */
export function portFillings(ports: Readonly<Record<string, number>>): Fillings {
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [`port.${name}`, port]))
}
