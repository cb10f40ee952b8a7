import { existsSync, realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import { entryOf, type Report, type Tree } from '@microts/source/yaml'
import { catalogFor, typeOf } from '../plugins/look-up.js'
import type { Catalog, ServiceTypeManifest } from '../types/manifest.js'
import { projectMistakes } from './errors.js'
import { interfaceKinds, type Project, type ServiceDefinition } from './project.js'

/** The type of a service of ours. */
export const ownType = 'node'

/**
 * Reports types, versions, drivers and ports that the catalog does not have, and keys that a type has no use for. A service whose plugin is not found
 * yet is passed over.
 */
export function checkTypes(project: Project, tree: Tree, catalog: Catalog, report: Report): void {
  for (const service of project.services) {
    const entry = entryOf(entryOf(tree, 'services')?.value, service.name)?.value
    const at = (key: string) => entryOf(entry, key)
    // A type that is missing has been told of.
    if (service.type === '') continue
    if (service.type === ownType) {
      checkOwn(service, at, report)
      continue
    }
    const { plugin, name } = service
    const types = catalogFor(plugin, project.found, catalog)?.types
    const type = typeOf(service, project.found, catalog)
    const place = at('type')?.value.place ?? service.place
    if (types === undefined) continue
    if (type !== undefined) checkOther(service, type, at, report)
    // Of a plugin without any type it has been told that it is of another kind.
    else if (plugin === undefined) report(projectMistakes.unknownType(place, name, service.type, [ownType, ...wordsOf(types)]))
    else if (types.length > 0) {
      const isOfCore = catalog.types.some((candidate) => candidate.type === service.type)
      report(projectMistakes.unknownTypeOf(place, { service: name, type: service.type, plugin, known: wordsOf(types), isOfCore }))
    }
  }
  checkPortsOnce(project, tree, report)
  checkProviders(project, catalog, report)
}

/** Reports folders of our services that lie outside the project or have no `main.ts`. Looks at the disk. */
export function checkPlaces(project: Project, tree: Tree, report: Report): void {
  for (const { name, type, folder } of project.services) {
    if (type !== ownType || folder === undefined) continue
    const path = entryOf(entryOf(entryOf(tree, 'services')?.value, name)?.value, 'path')?.value
    if (path === undefined) continue
    const real = existsSync(folder) ? realpathSync(folder) : folder
    if (relative(project.folder, real).split('/')[0] === '..')
      report(projectMistakes.outside(path.place, name, path.is === 'leaf' ? path.text : ''))
    else if (!existsSync(join(folder, 'main.ts'))) report(projectMistakes.noMain(path.place, name, folder))
  }
}

const wordsOf = (types: readonly ServiceTypeManifest[]) => types.map(({ type }) => type)

type EntryAt = (key: string) => ReturnType<typeof entryOf>

function checkOwn(service: ServiceDefinition, at: EntryAt, report: Report): void {
  const place = at('type')?.value.place ?? service.place
  if (service.version !== undefined) report(projectMistakes.versionOfOurs(place, service.name))
  if (at('path') === undefined) report(projectMistakes.noPath(service.place, service.name))
  // `plugin: micro` says what is meant anyway.
  for (const key of ['driver', 'data', ...(service.plugin === undefined ? [] : ['plugin'])]) {
    const entry = at(key)
    if (entry !== undefined) report(projectMistakes.keyNotForType(entry.keyPlace, service.name, key, ownType, 'types of other software'))
  }
  checkPortNames(service, ['http'], at, report)
}

function checkOther(service: ServiceDefinition, type: ServiceTypeManifest, at: EntryAt, report: Report): void {
  const { name, version, driver } = service
  if (version !== undefined && !type.versions.includes(version))
    report(projectMistakes.unknownVersion(at('type')?.value.place ?? service.place, name, type.type, version, type.versions))
  if (driver !== undefined && !type.driverOrder.includes(driver))
    report(projectMistakes.driverNotInType(at('driver')?.value.place ?? service.place, name, driver, type.driverOrder))
  for (const key of ['path', ...interfaceKinds]) {
    const entry = at(key)
    if (entry !== undefined) report(projectMistakes.keyNotForType(entry.keyPlace, name, key, type.type, 'services of ours (type node)'))
  }
  checkPortNames(service, Object.keys(type.ports), at, report)
}

function checkPortNames(service: ServiceDefinition, known: readonly string[], at: EntryAt, report: Report): void {
  const ports = at('ports')?.value
  for (const port of Object.keys(service.ports))
    if (!known.includes(port))
      report(projectMistakes.unknownPort(entryOf(ports, port)?.keyPlace ?? service.place, service.name, port, known))
}

function checkPortsOnce(project: Project, tree: Tree, report: Report): void {
  const users = new Map<number, string>()
  for (const { name, ports, place } of project.services)
    for (const [port, number] of Object.entries(ports)) {
      const first = users.get(number)
      const entry = entryOf(entryOf(entryOf(entryOf(tree, 'services')?.value, name)?.value, 'ports')?.value, port)
      if (first !== undefined) report(projectMistakes.portTwice(entry?.value.place ?? place, number, first, `${name}.${port}`))
      users.set(number, `${name}.${port}`)
    }
}

/** Reports choices of a service that provides nothing of the kind, and interfaces that two services provide while nobody chose. */
function checkProviders(project: Project, catalog: Catalog, report: Report): void {
  const names = project.services.map(({ name }) => name)
  const serviceOf = (name: string) => project.services.find((service) => service.name === name)
  const providesOf = (name: string) => {
    const service = serviceOf(name)
    return service === undefined ? undefined : typeOf(service, project.found, catalog)?.provides
  }
  const isFound = (name: string) => catalogFor(serviceOf(name)?.plugin, project.found, catalog) !== undefined
  const own = project.services.filter(({ type }) => type === ownType)
  for (const { path, interfaces } of [
    { path: '', interfaces: project.interfaces },
    ...own.map(({ name, interfaces }) => ({ path: `services.${name}.`, interfaces })),
  ])
    for (const choice of Object.values(interfaces)) {
      if (choice.service === undefined) continue
      const where = `${path}${choice.kind}`
      if (!names.includes(choice.service)) report(projectMistakes.unknownProvider(choice.place, where, choice.service, names))
      else if (isFound(choice.service) && providesOf(choice.service)?.kind !== choice.kind)
        report(projectMistakes.notProvided(choice.place, where, choice.service, choice.kind))
    }
  for (const kind of interfaceKinds) {
    const providers = names.filter((name) => providesOf(name)?.kind === kind)
    if (providers.length < 2 || project.interfaces[kind] !== undefined) continue
    for (const service of own)
      if (service.interfaces[kind] === undefined) report(projectMistakes.ambiguousProvider(service.place, service.name, kind, providers))
  }
}
