import { apiFits, checkOptions, pluginApi } from '@microts/core/plugin'
import { entryOf, type Report, type Tree } from '@microts/source/yaml'
import type { FoundPlugin } from '../plugins/found-plugin.js'
import { implementationIn, providedBy, typeOf } from '../plugins/look-up.js'
import type { Catalog, ImplementationManifest } from '../types/manifest.js'
import { projectMistakes } from './errors.js'
import type { InterfaceChoice, Project, ServiceDefinition } from './project.js'

/** Reports plugins that are not of the kind that is wanted where they are named, that only point elsewhere, or that do not fit. */
export function checkPlugins(project: Project, tree: Tree, catalog: Catalog, report: Report): void {
  for (const { reference, place } of project.plugins) checkListed(project.found.get(reference), 'plugins', place, report)
  for (const choice of Object.values(project.interfaces)) checkChoice(choice, tree, choice.kind, { project, catalog, report })
  for (const service of project.services) {
    const part = entryOf(entryOf(tree, 'services')?.value, service.name)?.value
    checkService(service, part, { project, catalog, report })
    for (const choice of Object.values(service.interfaces))
      checkChoice(choice, part, `services.${service.name}.${choice.kind}`, { project, catalog, report })
  }
}

interface Checking {
  readonly project: Project
  readonly catalog: Catalog
  readonly report: Report
}

/** A list adds implementations to services; what else a plugin of it has is of no use there. */
function checkListed(plugin: FoundPlugin | undefined, path: string, place: InterfaceChoice['place'], report: Report): void {
  if (plugin === undefined || plugin.from === 'core') return
  const [first] = plugin.catalog.implementations
  if (first === undefined) return reportNothing(plugin, 'an implementation of an interface', { path, place, report })
  const misfit = plugin.catalog.implementations.find(({ api }) => !apiFits(api, pluginApi))
  if (misfit !== undefined) report(projectMistakes.apiMismatch(place, path, plugin.reference, misfit.api, pluginApi))
}

function checkService(service: ServiceDefinition, part: Tree | undefined, { project, catalog, report }: Checking): void {
  const { name, plugin: reference, type: word } = service
  const plugin = reference === undefined ? undefined : project.found.get(reference)
  if (plugin === undefined) return
  const [path, place] = [`services.${name}.plugin`, entryOf(part, 'plugin')?.value.place ?? service.place]
  if (plugin.catalog.types.length === 0) return reportNothing(plugin, 'a type of service', { path, place, report })
  const uris = plugin.catalog.types.flatMap(({ type, uri }) => (type === word ? [uri] : []))
  if (uris.length > 1) report(projectMistakes.ambiguousInPlugin(place, path, `the type ${word}`, uris))
  const { api } = typeOf(service, project.found, catalog) ?? {}
  if (api !== undefined && !apiFits(api, pluginApi)) report(projectMistakes.apiMismatch(place, path, plugin.reference, api, pluginApi))
}

function checkChoice(choice: InterfaceChoice, part: Tree | undefined, path: string, { project, catalog, report }: Checking): void {
  const { kind, plugin: reference, options } = choice
  const plugin = reference === undefined ? undefined : project.found.get(reference)
  const provider = project.services.find((service) => service.name === choice.service)
  const name = choice.name ?? (provider === undefined ? undefined : providedBy(provider, project, catalog)?.name)
  if (name === undefined || (reference !== undefined && plugin === undefined)) return
  const written = entryOf(part, kind)?.value
  const at = (key: string) => entryOf(written, key)?.value.place ?? choice.place
  const checkOptionsOf = (implementation: ImplementationManifest, named: string) => {
    const { issues = [] } = checkOptions(implementation.options, options)
    if (issues.length > 0) report(projectMistakes.badOptions(at('options'), path, named, issues))
  }
  if (plugin === undefined || plugin.from === 'core') {
    // One that nobody knows here is looked for when it is built in, and tells then what exists.
    const own = implementationIn(catalog, kind, name)
    return own === undefined ? undefined : checkOptionsOf(own, `${kind}/${name}`)
  }
  const known = plugin.catalog.implementations.flatMap((one) => (one.kind === kind ? [one.word] : []))
  if (known.length === 0) return reportNothing(plugin, `a ${kind}`, { path: `${path}.plugin`, place: at('plugin'), report })
  const implementation = implementationIn(plugin.catalog, kind, name)
  if (implementation === undefined)
    return report(projectMistakes.unknownImplementation(at('type'), `${path}.type`, name, plugin.reference, known))
  const uris = plugin.catalog.implementations.flatMap((one) => (one.kind === kind && one.word === name ? [one.uri] : []))
  if (uris.length > 1) report(projectMistakes.ambiguousInPlugin(at('plugin'), `${path}.plugin`, `${kind}/${name}`, uris))
  if (!apiFits(implementation.api, pluginApi))
    report(projectMistakes.apiMismatch(at('plugin'), `${path}.plugin`, plugin.reference, implementation.api, pluginApi))
  checkOptionsOf(implementation, plugin.reference)
}

/** A plugin that has nothing of what is wanted: it is of another kind, or it only points elsewhere. */
function reportNothing(
  { reference, from, key, catalog, pointers = [] }: FoundPlugin,
  wanted: string,
  { path, place, report }: { readonly path: string; readonly place: InterfaceChoice['place']; readonly report: Report },
): void {
  const implementations = catalog.implementations.map(({ kind, word }) => `${kind}/${word}`)
  const has = from === 'core' ? [key] : [...catalog.types.map(({ type }) => type), ...implementations]
  if (has.length === 0 && pointers.length > 0) return report(projectMistakes.onlyPoints(place, path, reference, pointers))
  const [type] = catalog.types
  const [implementation] = catalog.implementations
  const howTo = [
    ...(type === undefined ? [] : [`as a service, { type: ${type.type}, plugin: "${reference}" }`]),
    ...(implementation === undefined ? [] : [`${implementation.kind}: { type: ${implementation.word}, plugin: "${reference}" }`]),
  ]
  const hint = howTo.length === 0 ? 'Name another plugin.' : `Write ${howTo.join(', or ')}.`
  report(projectMistakes.wrongKind(place, path, reference, { wanted, has, hint }))
}
