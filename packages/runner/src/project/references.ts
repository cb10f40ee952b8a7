import { MicroError, type Place } from '@microts/core/base'
import { entryOf, type Mistake, type Tree } from '@microts/source/yaml'
import { lookAtReference } from '../plugins/written.js'
import { projectMistakes } from './errors.js'
import { interfaceKinds, type Project } from './project.js'

/** A reference of a project file. */
export interface ProjectReference {
  readonly reference: string
  /** As in `services.smtp.plugin`. */
  readonly path: string
  readonly place: Place
}

/** All references of a project file but those to core, in its order. One that stands twice is there twice. */
export function referencesOf({ plugins, interfaces, services }: Project, tree: Tree | undefined): ProjectReference[] {
  const pluginAt = (part: Tree | undefined, reference: string | undefined, path: string, near: Place): ProjectReference[] => {
    const place = entryOf(part, 'plugin')?.value.place ?? near
    return reference === undefined ? [] : [{ reference, path: `${path}.plugin`, place }]
  }
  const inChoices = (choices: Project['interfaces'], part: Tree | undefined, path: string) =>
    Object.values(choices).flatMap(({ kind, plugin, place }) => pluginAt(entryOf(part, kind)?.value, plugin, `${path}${kind}`, place))
  const ofServices = services.flatMap(({ name, plugin, interfaces: choices, place }) => {
    const part = entryOf(entryOf(tree, 'services')?.value, name)?.value
    return [...pluginAt(part, plugin, `services.${name}`, place), ...inChoices(choices, part, `services.${name}.`)]
  })
  const listed = plugins.map(({ reference, place }) => ({ reference, path: 'plugins', place }))
  const at = ({ place }: ProjectReference) => (place.line ?? 0) * 10_000 + (place.column ?? 0)
  return [...listed, ...inChoices(interfaces, tree, ''), ...ofServices].sort((a, b) => at(a) - at(b))
}

/** What is wrong with references to look at. Reads no file and asks no remote. */
export async function checkReferences(references: readonly ProjectReference[]): Promise<Mistake[]> {
  const mistakes: Mistake[] = []
  for (const { reference, path, place } of references) {
    const written = lookAtReference(reference)
    const isKnown = written.is === 'elsewhere' || (written.is === 'own' && interfaceKinds.some((kind) => kind === written.kind))
    if (!isKnown) mistakes.push(projectMistakes.badReference(place, path, reference, interfaceKinds))
    if (written.is !== 'elsewhere') continue
    const mistake = await grammarMistake(reference, place)
    if (mistake !== undefined) mistakes.push(mistake)
  }
  return mistakes
}

async function grammarMistake(reference: string, place: Place): Promise<Mistake | undefined> {
  // Most projects name nothing that has to be taken apart.
  const { parseReference } = await import('@microts/source')
  try {
    parseReference(reference)
    return undefined
  } catch (error) {
    const { code, reason, message, hint } = MicroError.from(error)
    return { code, reason, message, place, ...(hint !== undefined && { hint }) }
  }
}
