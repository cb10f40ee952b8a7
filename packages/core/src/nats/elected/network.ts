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
  let shown: string | undefined
  let post: Signpost | undefined
  let unfollow: (() => void) | undefined
  let cancelLook: () => void = () => undefined
  let looking: Promise<void> | undefined

  return { find: () => ask(() => true), show, hide, close: hide }

  async function ask(fits: (id: string) => boolean): Promise<Direction | undefined> {
    const sightings = (await beacon.find()).filter(({ id }) => id !== shown && fits(id)).sort((a, b) => (a.id < b.id ? -1 : 1))
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
    const id = server.info.server_id
    // Whoever has reached the signpost at an address reaches the server there too.
    const direction = async (at: string) => ({ url: natsUrl(at, server.port), token: serverToken })
    post = await holdSignpost({ host, port: 0 }, { project, clock, key: Promise.resolve({ key }), direction })
    if (post?.port === undefined) return
    shown = id
    await beacon.show({ id, host, port: server.port, signpostPort: post.port })
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
      const better = await ask((id) => id < own)
      if (better !== undefined && shown === own) await onBetter(better)
    } catch {
      // A registry that is out of reach for a moment, or a server that was gone when we came: the next look is not far.
    }
  }
}
