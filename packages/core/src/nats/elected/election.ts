import { baseErrors, type Clock } from '../../base/index.js'
import { natsUrl, parseAddress, type NatsAddress } from '../address.js'
import { natsErrors } from '../errors.js'
import type { NatsServer } from '../nats.js'
import { natsServer } from '../server/server.js'
import { writeKeyFile, type KeyFile } from './key-file.js'
import { network, type Beacon, type Network } from './network.js'
import { placeOf, placeText, type Place } from './place.js'
import { askSignpost, holdSignpost, type Direction, type SharedKey, type Signpost } from './signpost.js'

/** What a project's processes agree upon. */
export interface ElectionOptions {
  /** Only processes of one project meet. */
  readonly project: string
  /** Where the server listens, if it is in this process. One that other machines can reach needs `token`. @default '127.0.0.1' */
  readonly host?: string
  /** @default 0 (any free one) */
  readonly port?: number
  /** Lets programs in that are not told by the election: a service in Go, a process of another machine. @default a new one for each server, that only this user's processes are told */
  readonly token?: string
  /** Finds servers of the project on other machines, and tells them of this one's. Needs `token`. @default this machine is alone */
  readonly beacon?: Beacon
  /** @default that of the project on this system */
  readonly place?: Place
  /** Where the key lies: the first one that works. @default in `XDG_RUNTIME_DIR`, else in the temporary folder */
  readonly keyFolders?: readonly string[]
  readonly clock: Clock
  readonly random: () => number
}

/** One process' part in the election. */
export interface Election {
  /** While it is in this process. */
  readonly server: NatsServer | undefined
  /** Where the server is: `'here'` when it is in this process, which then has just become its place, or was before. */
  find(): Promise<NatsAddress | 'here'>
  /** Gives up the place, ends the server if it is here, and finds none any more. Twice is once. */
  close(): Promise<void>
}

// Somebody can take the place between our look and our try, and be gone before the next look; not so often in a row.
const maxTries = 10

/** Takes part in the election. `onMove` is called when the server of this process has given way to another machine's. */
export function election(options: ElectionOptions & { readonly onMove: (to: NatsAddress) => Promise<void> }): Election {
  const { project, host = '127.0.0.1', port = 0, token, clock, random } = options
  const place = options.place ?? placeOf(project)
  let post: Signpost | undefined
  let key: KeyFile | undefined
  let server: NatsServer | undefined
  // What those who ask are told.
  let direction: Direction | undefined
  let leading: Promise<NatsAddress | 'here'> | undefined
  let lan: Network | undefined
  let closing: Promise<void> | undefined

  return {
    get server() {
      return server
    },
    find,
    close: () => (closing ??= close()),
  }

  async function find(): Promise<NatsAddress | 'here'> {
    for (let tries = 0; tries < maxTries; tries++) {
      if (closing !== undefined) throw baseErrors.closed('NATS client')
      if (post !== undefined) return leadOnce()
      const told = await askSignpost(place, { project, clock })
      if (told !== undefined) return addressOf(told)
      const led = await takePlace()
      if (led !== undefined) return led
    }
    throw natsErrors.placeSilent(placeText(place), `it changed hands ${maxTries} times`)
  }

  // Undefined: somebody else was faster.
  async function takePlace(): Promise<NatsAddress | 'here' | undefined> {
    let share: (key: SharedKey) => void = () => undefined
    const sharing = new Promise<SharedKey>((resolve) => (share = resolve))
    let tellReady: () => void = () => undefined
    const ready = new Promise<void>((resolve) => (tellReady = resolve))
    const held = await holdSignpost(place, { project, clock, key: sharing, direction: () => ready.then(() => direction as Direction) })
    if (held === undefined) return undefined
    try {
      post = held
      key = writeKeyFile(project, options.keyFolders)
      share(key)
      const led = await leadOnce()
      tellReady()
      return led
    } catch (error) {
      await givePlaceUp()
      throw error
    }
  }

  function leadOnce(): Promise<NatsAddress | 'here'> {
    return (leading ??= lead().finally(() => (leading = undefined)))
  }

  // Only in the process that holds the place.
  async function lead(): Promise<NatsAddress | 'here'> {
    if (server !== undefined) return 'here'
    if (options.beacon !== undefined && token !== undefined) {
      lan ??= network({ project, host, token, beacon: options.beacon, clock, onBetter: giveWay })
      const other = await lan.find()
      if (other !== undefined) {
        direction = other
        return addressOf(other)
      }
    }
    return serve()
  }

  async function serve(): Promise<'here'> {
    const secret = token ?? process.getBuiltinModule('node:crypto').randomBytes(32).toString('hex')
    const made = await natsServer({ host, port, name: `micro-${project}`, token: secret, clock, random })
    if (closing !== undefined) {
      await made.close()
      throw baseErrors.closed('NATS client')
    }
    server = made
    direction = { url: natsUrl(reachable(host), made.port), token: secret }
    await lan?.show(made, secret)
    return 'here'
  }

  // Another machine's server is the one: this one's goes, once its own client is there.
  async function giveWay(to: Direction): Promise<void> {
    const before = server
    if (before === undefined || closing !== undefined) return
    await options.onMove(addressOf(to))
    server = undefined
    direction = to
    await lan?.hide()
    await before.close()
  }

  async function givePlaceUp(): Promise<void> {
    await lan?.close()
    // In this order: who holds the place next writes the key anew, and must find no server beside its own.
    key?.remove()
    await post?.close()
    post = undefined
    key = undefined
  }

  async function close(): Promise<void> {
    await givePlaceUp()
    await server?.close()
  }
}

/** The address behind a direction. */
export function addressOf({ url, token }: Direction): NatsAddress {
  return { ...parseAddress(url), token }
}

// One that listens everywhere is reached on loopback.
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
