import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, sleep, systemClock } from '@microts/core/base'
import { isRunning, markOfThisProcess } from './process-mark.js'

/** How to wait for a turn. */
export interface TurnOptions {
  readonly clock?: Clock
  readonly signal?: AbortSignal | undefined
}

// Short beside a fetch, long beside a look at a folder.
const lookMs = 15
// Longer than any fetch may take: a ticket of another machine that is older belongs to nobody.
const foreignMs = 15 * 60_000

/**
 * Waits until it is this caller's turn at `folder` (made when it is missing), and gives what ends the turn.
 *
 * Turns are taken in the order of tickets, files that each belong to one caller (Lamport's bakery): whoever dies leaves a ticket that anybody
 * may remove, since nobody else will ever hold it. A lock file that is taken over when its holder is gone cannot have that: between the look
 * and the removal somebody else may have taken it over already.
 */
export async function takeTurn(folder: string, options: TurnOptions = {}): Promise<() => Promise<void>> {
  const { clock = systemClock, signal } = options
  await mkdir(folder, { recursive: true })
  const mark = `${markOfThisProcess()}.${randomUUID()}`
  const choosing = join(folder, `choosing-${mark}`)
  let number = 0
  let ticket = ''
  const leave = () => rm(ticket, { force: true })
  try {
    await (await open(choosing, 'wx')).close()
    number = Math.max(0, ...(await ticketsIn(folder)).map((other) => other.number)) + 1
    ticket = join(folder, `${number}-${mark}`)
    await (await open(ticket, 'wx')).close()
  } finally {
    await rm(choosing, { force: true })
  }
  try {
    while (await isSomebodyBefore(folder, { number, mark }, clock)) await sleep(lookMs, { clock, signal })
  } catch (error) {
    await leave()
    throw error
  }
  return leave
}

interface Ticket {
  /** 0 while its holder chooses one. */
  readonly number: number
  readonly mark: string
  readonly file: string
}

async function ticketsIn(folder: string): Promise<Ticket[]> {
  return (await readdir(folder)).flatMap((name) => {
    const [, number, mark] = /^(choosing|\d+)-(.+)$/.exec(name) ?? []
    return mark === undefined ? [] : [{ number: Number(number) || 0, mark, file: join(folder, name) }]
  })
}

async function isSomebodyBefore(folder: string, { number, mark }: Omit<Ticket, 'file'>, clock: Clock): Promise<boolean> {
  for (const other of await ticketsIn(folder)) {
    const isBefore = other.number < number || (other.number === number && other.mark < mark)
    if (other.mark === mark || !isBefore) continue
    if (await isHeld(other, clock)) return true
    await rm(other.file, { force: true })
  }
  return false
}

async function isHeld(ticket: Ticket, clock: Clock): Promise<boolean> {
  const known = isRunning(ticket.mark)
  if (known !== undefined) return known
  const { mtimeMs } = await stat(ticket.file).catch(() => ({ mtimeMs: 0 })) // gone in the meantime, so held by nobody
  return clock.now() - mtimeMs < foreignMs
}
