/** Who takes part, and in what. */

/** How large, and how many at once. */
export interface Cell {
  readonly bytes: 128 | 1024 | 65_536
  readonly concurrency: 1 | 64
}

/** A file of peers/, and what it is to us. A framework gives names, errors and deadlines as ours does; a library leaves them to its user. */
export interface Entrant {
  readonly name: string
  readonly kind: 'ours' | 'limit' | 'framework' | 'library'
  /** @default all cells */
  readonly takesPart?: (cell: Cell) => boolean
  /** It is left out when it goes over anything else. */
  readonly over: 'tcp' | 'unix'
}

const isOneAtATime = ({ concurrency }: Cell) => concurrency === 1

/** In the order of the table. */
export const entrants: readonly Entrant[] = [
  { name: 'limit', kind: 'limit', over: 'tcp' },
  { name: 'limit-unix', kind: 'limit', over: 'unix', takesPart: isOneAtATime },
  { name: 'micro', kind: 'ours', over: 'tcp' },
  { name: 'micro-unix', kind: 'ours', over: 'unix', takesPart: isOneAtATime },
  { name: 'micro-records', kind: 'ours', over: 'tcp', takesPart: (cell) => !isOneAtATime(cell) },
  { name: 'micro-bytes', kind: 'ours', over: 'tcp', takesPart: ({ bytes, concurrency }) => bytes === 65_536 && concurrency === 64 },
  { name: 'moleculer', kind: 'framework', over: 'tcp' },
  { name: 'nest', kind: 'framework', over: 'tcp' },
  { name: 'fastify', kind: 'framework', over: 'tcp' },
  { name: 'grpc', kind: 'framework', over: 'tcp' },
  { name: 'ws', kind: 'library', over: 'tcp' },
]

/** In the order in which they are measured. */
export const cells: readonly Cell[] = ([128, 1024, 65_536] as const).flatMap((bytes) =>
  ([1, 64] as const).map((concurrency) => ({ bytes, concurrency })),
)

/** `1 KiB x 64`. */
export function cellName({ bytes, concurrency }: Cell): string {
  return `${bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`} x ${concurrency}`
}
