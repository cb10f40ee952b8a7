import { entryOf, type Report, type Tree } from '@microts/source/yaml'
import { projectMistakes } from './errors.js'
import type { Project, ServiceDefinition } from './project.js'

/** Reports needs that no service answers, and circles. */
export function checkNeeds(project: Project, tree: Tree, report: Report): void {
  const names = project.services.map(({ name }) => name)
  for (const { name, needs } of project.services)
    for (const need of needs)
      if (!names.includes(need)) report(projectMistakes.unknownNeed(placeOfNeed(tree, name, need) ?? { file: '' }, name, need, names))
  for (const cycle of cyclesOf(project.services)) {
    const [first = '', second = ''] = cycle
    report(projectMistakes.needsItself(placeOfNeed(tree, first, second) ?? { file: '' }, cycle))
  }
}

function placeOfNeed(tree: Tree, service: string, need: string) {
  const needs = entryOf(entryOf(entryOf(tree, 'services')?.value, service)?.value, 'needs')?.value
  if (needs?.is !== 'list') return needs?.place
  return needs.items.find((item) => item.is === 'leaf' && item.value === need)?.place ?? needs.place
}

/** The circles of needs, each as the names on it with the first repeated at the end; each service is on one of them at most. */
export function cyclesOf(services: readonly Pick<ServiceDefinition, 'name' | 'needs'>[]): string[][] {
  const needsOf = new Map(services.map(({ name, needs }) => [name, needs]))
  const done = new Set<string>()
  const cycles: string[][] = []
  const visit = (name: string, path: readonly string[]) => {
    const at = path.indexOf(name)
    if (at >= 0) return void cycles.push([...path.slice(at), name])
    if (done.has(name)) return undefined
    for (const need of needsOf.get(name) ?? []) visit(need, [...path, name])
    done.add(name)
    return undefined
  }
  for (const { name } of services) visit(name, [])
  return cycles
}
