import type { Place } from '@microts/core/base'
import type { Report } from '../yaml/mistake.js'
import { entryOf, type Tree } from '../yaml/tree.js'
import { projectMistakes } from './errors.js'
import { type InterfaceChoice, type InterfaceChoices, type InterfaceKind, interfaceKinds, type PluginUse } from './project.js'

/** What stands after `store:`: a word, or a mapping. */
export type RawChoice =
  | string
  | {
      readonly type?: string
      readonly service?: string
      readonly options?: Readonly<Record<string, unknown>>
      readonly address?: string
    }

/** The implementations that a service, or the top of the file, chooses. `path` is that part of the file, `''` the top. */
export function readChoices(
  raw: Readonly<Partial<Record<InterfaceKind, RawChoice>>>,
  tree: Tree | undefined,
  path: string,
  report: Report,
): InterfaceChoices {
  const choices: Partial<Record<InterfaceKind, InterfaceChoice>> = {}
  for (const kind of interfaceKinds) {
    const written = raw[kind]
    const entry = entryOf(tree, kind)
    if (written === undefined || entry === undefined) continue
    const choice = typeof written === 'string' ? { type: written } : written
    const where = path === '' ? kind : `${path}.${kind}`
    if (choice.type === undefined && choice.service === undefined) report(projectMistakes.emptyChoice(entry.keyPlace, where))
    if (choice.type !== undefined && choice.service !== undefined) report(projectMistakes.doubleChoice(entry.keyPlace, where))
    choices[kind] = {
      kind,
      ...(choice.type !== undefined && { name: choice.type }),
      ...(choice.service !== undefined && { service: choice.service }),
      ...(choice.address !== undefined && { address: choice.address }),
      options: choice.options ?? {},
      place: entry.keyPlace,
    }
  }
  return choices
}

/** The list `plugins:` of the top of the file. */
export function readPluginUses(written: readonly string[], tree: Tree | undefined, report: Report): PluginUse[] {
  const placeOf = (reference: string): Place | undefined =>
    tree?.is === 'list' ? tree.items.find((item) => item.is === 'leaf' && item.value === reference)?.place : undefined
  return written.flatMap((reference) => {
    const place = placeOf(reference)
    if (place === undefined) return []
    const [, word, name] = /^([a-z]+)\/([a-z0-9][a-z0-9-]*)$/.exec(reference) ?? []
    const kind = interfaceKinds.find((known) => known === word)
    if (kind !== undefined && name !== undefined) return [{ kind, name, place }]
    report(
      isOfAnotherSource(reference)
        ? projectMistakes.pluginSource(place, 'plugins', reference)
        : projectMistakes.badReference(place, reference, interfaceKinds),
    )
    return []
  })
}

/** Reports each `plugin:` that names something else than core: it is understood, and cannot be fetched. */
export function refuseSources(tree: Tree, report: Report): void {
  const refuse = (component: Tree | undefined, path: string) => {
    const source = entryOf(component, 'plugin')?.value
    if (source?.is !== 'leaf' || typeof source.value !== 'string' || coreWords.has(source.value)) return
    report(projectMistakes.pluginSource(source.place, path, source.value))
  }
  const refuseChoices = (part: Tree | undefined, path: string) => {
    for (const kind of interfaceKinds) refuse(entryOf(part, kind)?.value, `${path}${kind}.plugin`)
  }
  refuseChoices(tree, '')
  const services = entryOf(tree, 'services')?.value
  if (services?.is !== 'map') return
  for (const { key, value } of services.entries) {
    refuse(value, `services.${key}.plugin`)
    refuseChoices(value, `services.${key}.`)
  }
}

/** Whether a service's entry takes its type from another source than core. */
export function comesFromElsewhere(service: Tree | undefined): boolean {
  const source = entryOf(service, 'plugin')?.value
  return source?.is === 'leaf' && typeof source.value === 'string' && !coreWords.has(source.value)
}

// Both words mean core, in either file.
const coreWords = new Set(['micro', 'lando'])

const isOfAnotherSource = (reference: string) => /[.:@]/.test(reference.split('/')[0] ?? '') || reference.startsWith('.')
