import { createHash } from 'node:crypto'
import { existsSync, linkSync, readFileSync, readdirSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { endGroups } from '../process/end-groups.js'
import { startOf } from '../process/platform.js'
import type { Environment } from '../project/find.js'
import { stateErrors } from './errors.js'
import { runtimeFolder, writeInto } from './folder.js'
import type { ProcessIdentity, RunRecord } from './record.js'
import { removeIfEmpty } from './remove-if-empty.js'

/** The record of a run that this process supervises. */
export interface RunFile {
  /** Absolute; it goes when the run ends. */
  readonly file: string
  /** Replaces the record, at once: a reader sees the old one or the new one. */
  write(record: RunRecord): void
  /** Removes it. Twice is once. */
  remove(): void
}

/**
 * Takes the place of the project's run; what a dead supervisor has left of it is ended and removed first. An `up` is alone in its project;
 * a `run` has a record of its own beside others.
 *
 * @throws MicroError `failed_precondition`/`ALREADY_RUNNING`
 */
export async function claimRun(first: RunRecord, env: Environment): Promise<RunFile> {
  const folder = runtimeFolder(env)
  const file = fileOf(folder, first.projectId, first.mode === 'up' ? undefined : first.supervisor.pid)
  for (const left of readAll(folder).filter(({ record }) => record.projectId === first.projectId)) await removeIfDead(left)
  const temporary = `${file}.${first.supervisor.pid}`
  const write = (record: RunRecord) => {
    writeInto(folder, temporary, `${JSON.stringify(record, undefined, 2)}\n`)
    renameSync(temporary, file)
  }
  writeInto(folder, temporary, JSON.stringify(first))
  try {
    // Fails when there is one, unlike a rename: of two that start at once one is first.
    linkSync(temporary, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw stateErrors.alreadyRunning(first.project, readOne(file)?.supervisor.pid ?? 0)
  } finally {
    unlinkSync(temporary)
  }
  const remove = () => {
    rmSync(file, { force: true })
    removeIfEmpty(folder)
  }
  return { file, write, remove }
}

/** The project's `up`, if its supervisor lives. */
export function readRun(projectId: string, env: Environment = process.env): RunRecord | undefined {
  const record = readOne(fileOf(runtimeFolder(env), projectId))
  return record !== undefined && isAlive(record.supervisor) ? record : undefined
}

/**
 * All runs of this user whose supervisors live, the one started first at the front. What dead supervisors have left, processes and files, is ended and
 * removed on the way.
 */
export async function runningProjects(env: Environment = process.env): Promise<RunRecord[]> {
  const found = readAll(runtimeFolder(env))
  await Promise.all(found.map(removeIfDead))
  return found
    .map(({ record }) => record)
    .filter(({ supervisor }) => isAlive(supervisor))
    .sort((a, b) => a.startedAt - b.startedAt)
}

/** Whether a process is still the one that was recorded. */
export const isAlive = ({ pid, start }: ProcessIdentity) => startOf(pid) === start

interface Found {
  readonly file: string
  readonly record: RunRecord
}

/** Ends what the run of a dead supervisor has left. The watchdog does the same; whoever is second finds nothing. */
async function removeIfDead({ file, record }: Found): Promise<void> {
  if (isAlive(record.supervisor)) return
  const groups = record.services.flatMap(({ pid, start }) => (pid === undefined || start === undefined ? [] : [{ pid, start }]))
  await endGroups(groups, record.marker)
  for (const path of record.temporary) if (path !== file) rmSync(path, { recursive: true, force: true })
  // Only the record that was read: another supervisor may have taken the place meanwhile.
  if (readOne(file)?.marker === record.marker) rmSync(file, { force: true })
  removeIfEmpty(dirname(file))
}

function readAll(folder: string): Found[] {
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const file = join(folder, name)
      const record = readOne(file)
      return record === undefined ? [] : [{ file, record }]
    })
}

function readOne(file: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunRecord> | null
    return record?.format === 1 && record.supervisor !== undefined ? (record as RunRecord) : undefined
  } catch {
    return undefined // there is none
  }
}

function fileOf(folder: string, projectId: string, pid?: number): string {
  // What MICRO_PROJECT says may hold anything.
  const name = /^[A-Za-z0-9_-]{1,64}$/.test(projectId) ? projectId : createHash('sha256').update(projectId).digest('hex')
  return join(folder, basename(pid === undefined ? `${name}.json` : `${name}.${pid}.json`))
}
