import { ownType } from '../project/check-types.js'
import type { Project, ServiceDefinition } from '../project/project.js'
import { providedBy } from '../plugins/look-up.js'
import type { RunRecord, ServiceState } from '../state/record.js'
import type { Catalog } from '../types/manifest.js'
import type { Providers } from './choices.js'

/** The services that are ready in the `up` of the project that runs beside a `run`, by name. Empty where none runs. */
export type Beside = ReadonlyMap<string, ServiceState>

/** What a service of ours is given by an `up` that runs beside it. */
export interface Given {
  readonly exports: Readonly<Record<string, string>>
  /** Where the services are that provide an interface to it, by their names. */
  readonly addresses: Readonly<Record<string, string>>
  /** Where that run's own broker is. */
  readonly brokerAddress?: string
}

/** What runs there now. */
export function readyBeside(record: RunRecord | undefined): Beside {
  const ready = record?.services.filter(({ state }) => state === 'ready') ?? []
  return new Map(ready.map((row) => [row.service, row]))
}

/** What it gives to a service that needs `names` of it. */
export function givenBy(beside: Beside, names: readonly string[]): Given {
  const rows = names.flatMap((name) => beside.get(name) ?? [])
  const broker = [...beside.values()].find(({ kind }) => kind === 'broker')?.provides?.address
  return {
    exports: Object.assign({}, ...rows.map((row) => row.exports)) as Record<string, string>,
    addresses: Object.fromEntries(
      rows.flatMap(({ service, provides }) => (provides === undefined ? [] : [[service, provides.address] as const])),
    ),
    ...(broker !== undefined && { brokerAddress: broker }),
  }
}

/** What the services of a project provide to ours; with `beside`, those that run there alone. */
export function providersOf(project: Project, catalog: Catalog, beside?: Beside): Providers {
  return new Map(
    project.services.flatMap((service) => {
      const provided = providedBy(service, project, catalog)
      const counts = beside === undefined || beside.get(service.name)?.provides !== undefined
      return provided === undefined || !counts ? [] : [[service.name, provided] as const]
    }),
  )
}

/** What of other types ours are to have and cannot: what they need, and what would provide an interface to them (`providing`), where it does not run. */
export function missingBeside(
  services: readonly ServiceDefinition[],
  providing: readonly string[],
  project: Project,
  beside: Beside,
): string[] {
  const others = new Set(project.services.filter(({ type }) => type !== ownType).map(({ name }) => name))
  const wanted = new Set([...services.flatMap(({ needs }) => needs.filter((need) => others.has(need))), ...providing])
  return [...wanted].filter((name) => !beside.has(name))
}
