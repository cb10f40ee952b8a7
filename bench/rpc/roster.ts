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
  /** It is left out when it goes over anything else. @default false */
  readonly needsUnixSocket?: boolean
}

const isOneAtATime = ({ concurrency }: Cell) => concurrency === 1

/** In the order of the table. */
export const entrants: readonly Entrant[] = [
  { name: 'limit', kind: 'limit' },
  { name: 'limit-unix', kind: 'limit', takesPart: isOneAtATime },
  { name: 'micro', kind: 'ours' },
  { name: 'micro-unix', kind: 'ours', takesPart: isOneAtATime, needsUnixSocket: true },
  { name: 'micro-records', kind: 'ours', takesPart: (cell) => !isOneAtATime(cell) },
  { name: 'micro-bytes', kind: 'ours', takesPart: ({ bytes, concurrency }) => bytes === 65_536 && concurrency === 64 },
  { name: 'moleculer', kind: 'framework' },
  { name: 'nest', kind: 'framework' },
  { name: 'fastify', kind: 'framework' },
  { name: 'grpc', kind: 'framework' },
  { name: 'ws', kind: 'library' },
]

/** In the order in which they are measured. */
export const cells: readonly Cell[] = ([128, 1024, 65_536] as const).flatMap((bytes) =>
  ([1, 64] as const).map((concurrency) => ({ bytes, concurrency })),
)

/** `1 KiB x 64`. */
export function cellName({ bytes, concurrency }: Cell): string {
  return `${bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`} x ${concurrency}`
}
