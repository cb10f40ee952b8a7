import type { Place } from '@microts/core/base'
import { entryOf, type Report, type Tree } from '@microts/source/yaml'
import { lookAtReference } from '../plugins/written.js'
import { projectMistakes } from './errors.js'
import { type InterfaceChoice, type InterfaceChoices, type InterfaceKind, interfaceKinds, type PluginUse } from './project.js'

/** What stands after `store:`: a word, or a mapping. */
export type RawChoice =
  | string
  | {
      readonly type?: string
      readonly service?: string
      readonly plugin?: string
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
      ...pluginOf(choice.plugin),
      ...(choice.address !== undefined && { address: choice.address }),
      options: choice.options ?? {},
      place: entry.keyPlace,
    }
  }
  return choices
}

/** The key `plugin` as it goes into a project: left out when it says what is meant anyway. */
export function pluginOf(written: string | undefined): { readonly plugin?: string } {
  return written === undefined || lookAtReference(written).is === 'core' ? {} : { plugin: written }
}

/** The list `plugins:` of the top of the file. */
export function readPluginUses(written: readonly string[], tree: Tree | undefined): PluginUse[] {
  const placeOf = (reference: string): Place | undefined =>
    tree?.is === 'list' ? tree.items.find((item) => item.is === 'leaf' && item.value === reference)?.place : undefined
  return written.flatMap((reference) => {
    const place = placeOf(reference)
    return place === undefined || lookAtReference(reference).is === 'core' ? [] : [{ reference, place }]
  })
}
