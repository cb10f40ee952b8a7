/** A server and a client of each entrant, kept apart in processes of their own. */
import { randomUUID } from 'node:crypto'
import { type Child, type Programs, startChild } from './child.js'
import type { ObservedRound } from './process.js'
import { cells, type Entrant } from './roster.js'

/** An entrant that is ready to be measured. */
export interface Pair {
  readonly entrant: Entrant
  readonly server: Child
  readonly client: Child
  end(): Promise<void>
}

/** Who is ready, and why the others are not. */
export interface Opened {
  readonly pairs: readonly Pair[]
  readonly absent: ReadonlyMap<string, string>
}

/** Starts both sides of each, and looks whether what is sent comes back. One that is broken is left out, with what it said. */
export async function openPairs(programs: Programs, entrants: readonly Entrant[]): Promise<Opened> {
  const pairs: Pair[] = []
  const absent = new Map<string, string>()
  for (const entrant of entrants) {
    try {
      pairs.push(await openPair(programs, entrant))
    } catch (error) {
      absent.set(entrant.name, reasonOf(entrant, error as Error))
    }
  }
  return { pairs, absent }
}

async function openPair(programs: Programs, entrant: Entrant): Promise<Pair> {
  const project = `bench-${randomUUID()}`
  const server = startChild(programs, 'serve', entrant.name, project)
  const client = startChild(programs, 'connect', entrant.name, project)
  const end = async () => {
    await client.end()
    await server.end()
  }
  try {
    const address = await server.ask<string>({ do: 'open' })
    await client.ask({ do: 'open', address })
    for (const bytes of new Set(cells.map((cell) => cell.bytes))) await client.ask({ do: 'check', bytes })
    const { over } = await client.ask<ObservedRound>({ do: 'round', bytes: 1024, concurrency: 1, ms: 20 })
    if (!over.includes(entrant.over)) throw new Error(`not there yet over ${entrant.over}: it went over ${over}`)
    return { entrant, server, client, end }
  } catch (error) {
    await end()
    throw error
  }
}

function reasonOf({ name }: Entrant, { message }: Error): string {
  if (message.includes('there is no codec/msgpack')) return 'not there yet: no codec/msgpack in the repository'
  const missing = /Cannot find package '([^']+)'/.exec(message)?.[1]
  return missing === undefined ? message.replace(new RegExp(`^${name} \\((connect|serve)\\): `), '') : `${missing} is not installed`
}
