import { basename } from 'node:path'
import { stringify } from 'yaml'

/** A service of ours that was there before the project's file. */
export interface FoundService {
  readonly name: string
  /** From the project's folder: `./services/orders`. */
  readonly path: string
}

/** Names services after their folders; where two folders have one name, after the folders above too. `folders` relative, as they are found. */
export function nameServices(folders: readonly string[]): FoundService[] {
  const short = folders.map((folder) => nameFrom(basename(folder), 'service'))
  const taken = new Set<string>()
  return folders.map((folder, index) => {
    const isAlone = short.filter((name) => name === short[index]).length === 1
    const wanted = isAlone ? (short[index] as string) : nameFrom(folder, 'service')
    let name = wanted
    for (let count = 2; taken.has(name); count += 1) name = `${wanted}-${count}`
    taken.add(name)
    return { name, path: folder === '' ? '.' : `./${folder}` }
  })
}

/** The text of a new project file. Without a service it has a mail catcher, so that there is something to run. */
export function projectText(name: string, services: readonly FoundService[]): string {
  const lines = services.map((service) => `  ${service.name}: { type: node, path: ${inFlow(service.path)} }`)
  return [
    '# yaml-language-server: $schema=./.micro/schema.json',
    `name: ${name}`,
    '',
    'services:',
    ...(lines.length > 0 ? lines : ['  # orders: { type: node, path: ./services/orders }', '  smtp: { type: mailhog }']),
    '',
  ].join('\n')
}

/** A word that can name a project or a service, from one that may not; `otherwise` when nothing is left of it. */
export function nameFrom(text: string, otherwise: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '')
  return name === '' ? otherwise : name
}

// Within braces a comma, among others, needs quotes.
const inFlow = (path: string) =>
  /^[\w./-]+$/.test(path) ? path : stringify(path, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }).trimEnd()
