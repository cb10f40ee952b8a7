import type { Clock } from '../../base/index.js'
import { natsUrl } from '../address.js'
import type { NatsServer } from '../nats.js'
import { askSignpost, holdSignpost, type Direction, type Signpost } from './signpost.js'

/** A server of the project on some machine. */
export interface Sighting {
  /** The server's id. Of two servers, the one with the lower id stays. */
  readonly id: string
  readonly host: string
  /** Of the server, for programs that know the token. */
  readonly port: number
  /** Where one is told of it, and it proves that it is the project's. */
  readonly signpostPort: number
}

/** Tells other machines of a server, and knows of theirs: a registry, seen from here. */
export interface Beacon {
  /** Makes the server known, until `hide`. `host` is where it listens, which may be everywhere. */
  show(sighting: Sighting): Promise<void>
  hide(): Promise<void>
  /** The project's servers that are known now, of this machine too. They may be gone. */
  find(): Promise<readonly Sighting[]>
  /** Calls `onChange` when that may have changed. Gives what ends it. */
  follow(onChange: () => void): Promise<() => void>
}

/** The servers of other machines. */
export interface Network {
  /** Where one of them is that answers, and proves that it belongs to the project; undefined when there is none. */
  find(): Promise<Direction | undefined>
  /** Makes this machine's server known, and watches for better ones. */
  show(server: NatsServer, token: string): Promise<void>
  hide(): Promise<void>
  close(): Promise<void>
}

/** How to make a {@link Network}. */
export interface NetworkOptions {
  readonly project: string
  readonly host: string
  readonly token: string
  readonly beacon: Beacon
  readonly clock: Clock
  /** There is a server with a lower id than the shown one. */
  readonly onBetter: (direction: Direction) => Promise<void>
}

// Two machines that began at the same moment have not seen each other then; what a registry tells late is found by these too.
const lookAgainMs = 1000
const maxLookAgainMs = 30_000

/** A {@link Network}. */
export function network({ project, host, token, beacon, clock, onBetter }: NetworkOptions): Network {
  const key = process.getBuiltinModule('node:crypto').createHash('sha256').update(`micro-broker ${token}`).digest()
  let shown: Sighting | undefined
  const greeted = new Set<string>()
  let post: Signpost | undefined
  let unfollow: (() => void) | undefined
  let cancelLook: () => void = () => undefined
  let looking: Promise<void> | undefined

  return { find: async () => ask(await others()), show, hide, close: hide }

  async function others(): Promise<readonly Sighting[]> {
    const sightings = await beacon.find()
    return sightings.filter(({ id }) => id !== shown?.id).sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  async function ask(sightings: readonly Sighting[]): Promise<Direction | undefined> {
    for (const { host: other, signpostPort } of sightings) {
      try {
        const told = await askSignpost({ host: other, port: signpostPort }, { project, clock, key })
        if (told !== undefined) return told
      } catch {
        // A registry may list what is gone, or what only says that it is the project's: neither is one of ours.
      }
    }
    return undefined
  }

  async function show(server: NatsServer, serverToken: string): Promise<void> {
    // Whoever has reached the signpost at an address reaches the server there too.
    const direction = async (at: string) => ({ url: natsUrl(at, server.port), token: serverToken })
    post = await holdSignpost({ host, port: 0 }, { project, clock, key: Promise.resolve({ key }), direction })
    if (post?.port === undefined) return
    shown = { id: server.info.server_id, host, port: server.port, signpostPort: post.port }
    await beacon.show(shown)
    unfollow = await beacon.follow(look)
    lookLater(lookAgainMs)
  }

  async function hide(): Promise<void> {
    cancelLook()
    unfollow?.()
    unfollow = undefined
    if (shown === undefined) return
    shown = undefined
    await beacon.hide()
    await post?.close()
  }

  function lookLater(afterMs: number): void {
    cancelLook = clock.after(
      afterMs,
      () => {
        look()
        lookLater(Math.min(maxLookAgainMs, afterMs * 2))
      },
      { background: true },
    )
  }

  function look(): void {
    looking ??= lookNow().finally(() => (looking = undefined))
  }

  async function lookNow(): Promise<void> {
    const own = shown
    if (own === undefined) return
    try {
      const all = await others()
      const better = await ask(all.filter(({ id }) => id < own.id))
      if (shown !== own) return
      if (better !== undefined) return await onBetter(better)
      // Whoever has to give way may not have heard of this one: it was not there yet when it was told.
      const unaware = all.filter(({ id }) => id > own.id && !greeted.has(id))
      for (const { id } of unaware) greeted.add(id)
      if (unaware.length > 0) await beacon.show(own)
    } catch {
      // A registry that is out of reach for a moment, or a server that was gone when we came: the next look is not far.
    }
  }
}
