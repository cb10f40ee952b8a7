import type { ServiceState } from '../state/record.js'
import { errorData } from '../timeline/event.js'
import type { UnitChange } from '../process/supervise.js'
import { fill, portFillings } from '../types/template.js'
import type { Clock } from '@microts/core/base'
import type { Planned, PlannedType } from './plan.js'

/** The rows of a run, and what they say of each other. */
export interface Board {
  rows(): readonly ServiceState[]
  row(service: string): ServiceState | undefined
  change(service: string, change: UnitChange): ServiceState | undefined
}

/** Rows for what was planned; `onChange` is called after each change. */
export function createBoard(planned: readonly Planned[], clock: Clock, onChange: () => void): Board {
  const rows = new Map(planned.map((one) => [one.service.name, firstRow(one)]))
  const plans = new Map(planned.map((one) => [one.service.name, one]))
  return {
    rows: () => [...rows.values()],
    row: (service) => rows.get(service),
    change(service, change) {
      const row = rows.get(service)
      const plan = plans.get(service)
      if (row === undefined || plan === undefined) return undefined
      const changed = applyReady(applyChange(row, change, plan), change, plan, clock)
      rows.set(service, changed)
      onChange()
      return changed
    },
  }
}

function firstRow(planned: Planned): ServiceState {
  const { service } = planned
  const common = {
    service: service.name,
    type: service.type,
    state: 'waiting' as const,
    restarts: 0,
    uses: [],
    endpoints: [],
    topics: [],
    samples: {},
  }
  if (planned.kind === 'own') return { ...common, kind: 'own', driver: 'node', urls: [], ports: service.ports, exports: {} }
  const { chosen, plugin } = planned
  return {
    ...common,
    kind: planned.kind,
    driver: chosen.driver,
    ...(chosen.version !== undefined && { version: chosen.version }),
    why: chosen.why,
    ...(plugin !== undefined && {
      plugin: { key: plugin.key, ...(plugin.revision !== undefined && { revision: plugin.revision }) },
    }),
    ...ofPorts(planned, planned.ports),
  }
}

/** What follows from the ports of a type. */
function ofPorts(
  { type }: PlannedType,
  ports: Readonly<Record<string, number>>,
): Pick<ServiceState, 'ports' | 'urls' | 'exports' | 'provides'> {
  const fillings = portFillings(ports)
  return {
    ports,
    urls: Object.entries(type.ports).flatMap(([name, { open }]) => (open && name in ports ? [`http://127.0.0.1:${ports[name]}`] : [])),
    exports: Object.fromEntries(Object.entries(type.exports).map(([name, text]) => [name, fill(text, fillings)])),
    ...(type.provides !== undefined && {
      provides: { kind: type.provides.kind, name: type.provides.name, address: fill(type.provides.address, fillings) },
    }),
  }
}

function applyChange(row: ServiceState, change: UnitChange, plan: Planned): ServiceState {
  const { pid: _pid, start: _start, why: _why, error: _error, readyAt, ...rest } = row
  const before = row.pid === undefined ? undefined : { pid: row.pid, start: row.start ?? '' }
  const process = 'process' in change ? change.process : before
  // Why a driver was chosen is worth a row as long as nothing more urgent is.
  const chosenWhy = plan.kind === 'own' ? undefined : plan.chosen.why
  const why = ('why' in change ? change.why : row.why) ?? chosenWhy
  const error = change.error === undefined ? undefined : errorData(change.error)
  const state = change.state ?? row.state
  return {
    ...rest,
    state,
    ...(change.restarts !== undefined && { restarts: change.restarts }),
    ...(process !== undefined && { pid: process.pid, start: process.start }),
    ...(why !== undefined && { why }),
    ...(error !== undefined ? { error } : row.error !== undefined && state === 'failed' && { error: row.error }),
    ...(readyAt !== undefined && state === 'ready' && { readyAt }),
  }
}

function applyReady(row: ServiceState, { state, ready }: UnitChange, plan: Planned, clock: Clock): ServiceState {
  if (state !== 'ready') return row
  const readyAt = clock.now()
  if (plan.kind !== 'own') return { ...row, readyAt, ...ofPorts(plan, { ...plan.ports, ...ready?.ports }) }
  return {
    ...row,
    readyAt,
    urls: ready?.url === undefined ? [] : [ready.url],
    ...(ready?.address !== undefined && { address: ready.address }),
    ...(ready?.version !== undefined && { version: ready.version }),
    uses: ready?.uses ?? [],
    endpoints: ready?.endpoints ?? [],
    samples: ready?.samples ?? {},
    topics: ready?.topics ?? [],
  }
}
