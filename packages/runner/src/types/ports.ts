import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import type { ServiceDefinition } from '../project/project.js'
import { ownerOf } from '../process/platform.js'
import { typeErrors } from './errors.js'

/** Where a project remembers its ports, below its folder. */
export const portsFile = join('.micro', 'run', 'ports.json')

/** The ports that a project had the last time: by service, then by the type's name for the port. */
export type PortMemory = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Chooses ports for the services of one project, each port at most once. */
export interface PortChooser {
  /**
   * The port of a service: the one that is written, else the one of the last run, else one that follows from the project's folder; the next free
   * one when it is taken.
   *
   * @throws MicroError `unavailable`/`PORT_TAKEN` for a port that is written and taken, with who has it
   */
  choose(service: ServiceDefinition, port: string): Promise<number>
  /** Writes down what was chosen, for the next run. */
  remember(): void
}

/** A chooser for the project in `folder`. */
export function portChooser(folder: string): PortChooser {
  const file = join(folder, portsFile)
  const before = readMemory(file)
  const chosen: Record<string, Record<string, number>> = {}
  const given = new Set<number>()

  const free = async (candidates: Iterable<number>): Promise<number | undefined> => {
    for (const candidate of candidates) {
      if (given.has(candidate)) continue
      // Taken before it is looked at: services are resolved side by side.
      given.add(candidate)
      if (await isFree(candidate)) return candidate
    }
    return undefined
  }
  return {
    async choose(service, port) {
      const written = service.ports[port]
      if (written !== undefined) {
        await checkFree(service, port, written)
        return written
      }
      const number = await free(candidatesFor(folder, service.name, port, before[service.name]?.[port]))
      if (number === undefined) throw typeErrors.noFreePort(service.name, port)
      chosen[service.name] = { ...chosen[service.name], [port]: number }
      return number
    },
    remember() {
      const memory = Object.fromEntries(Object.entries({ ...before, ...chosen }).sort(([a], [b]) => (a < b ? -1 : 1)))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(memory, undefined, 2)}\n`)
      renameSync(`${file}.${process.pid}`, file)
    },
  }
}

/** Resolves when a written port can be had. @throws MicroError `unavailable`/`PORT_TAKEN` */
export async function checkFree(service: ServiceDefinition, port: string, number: number): Promise<void> {
  if (!(await isFree(number))) throw typeErrors.portTaken(service.name, port, number, ownerOf(number), service.place)
}

/** Whether a program could listen on a port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

// Below the ranges that Linux (32768) and macOS (49152) give to outgoing connections, above what servers have by habit.
const lowestPort = 20_000
const portCount = 12_000
const tries = 50

function* candidatesFor(folder: string, service: string, port: string, last: number | undefined): Iterable<number> {
  if (last !== undefined) yield last
  const digest = createHash('sha256').update(`${folder}\0${service}\0${port}`).digest()
  const first = digest.readUInt32BE(0) % portCount
  for (let index = 0; index < tries; index++) yield lowestPort + ((first + index) % portCount)
}

function readMemory(file: string): PortMemory {
  try {
    const memory = JSON.parse(readFileSync(file, 'utf8')) as PortMemory | null
    return typeof memory === 'object' && memory !== null ? memory : {}
  } catch {
    return {} // the first run, or a file that somebody edited: ports are chosen anew
  }
}
