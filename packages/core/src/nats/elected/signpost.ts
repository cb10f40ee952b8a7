import { connect, createServer, type Socket } from 'node:net'
import type { Clock } from '../../base/index.js'
import { natsErrors } from '../errors.js'
import { readKeyFile } from './key-file.js'
import { placeText, type Place } from './place.js'

/** Where the server is, and what lets one in. */
export interface Direction {
  /** `nats://127.0.0.1:40113` */
  readonly url: string
  readonly token: string
}

/** Who holds the place of a project, and tells those who come where the server is. */
export interface Signpost {
  /** The port, of a place that is one. */
  readonly port: number | undefined
  /** Frees the place. */
  close(): Promise<void>
}

/** A secret that both sides have, and, where the asker has to read it, the file. */
export interface SharedKey {
  readonly key: Buffer
  readonly path?: string
}

/** How to hold a place. */
export interface SignpostOptions {
  readonly project: string
  readonly clock: Clock
  /** What those who ask are told, who have come to the address `at` of this machine; they wait for it. */
  readonly direction: (at: string) => Promise<Direction>
  /** They wait for it too. */
  readonly key: Promise<SharedKey>
}

const maxLineBytes = 4096
const maxAskers = 256
const askMs = 2000
const nonceBytes = 16

/**
 * Holds `place`, or gives undefined when somebody else does.
 *
 * Anybody can come to the place, also other users of the machine; and any user could hold it. So each side proves to the other that it has the key, without
 * saying it, before anything is told: `{"nonce", "key": <path>}` from the holder, `{"nonce", "proof"}` from the asker, `{"url", "sealed", "proof"}` from the holder,
 * each a line. A proof is the HMAC-SHA256 of the side's name, the project, both nonces and what is told. The token is sealed (AES-256-GCM, under a key of this
 * exchange alone), so that who stands between the two learns nothing either.
 */
export async function holdSignpost(place: Place, options: SignpostOptions): Promise<Signpost | undefined> {
  const askers = new Set<Socket>()
  const server = createServer((socket) => {
    if (askers.size >= maxAskers) return void socket.destroy()
    askers.add(socket)
    socket.once('close', () => askers.delete(socket))
    // Whoever leaves in the middle, or is not the one, gets nothing; there is nobody to tell.
    answer(socket, options).catch(() => socket.destroy())
  })
  // The server behind it keeps the process alive, as long as it is wanted.
  server.unref()
  const isHeld = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(natsErrors.placeFailed(placeText(place), error)),
    )
    server.listen(place, () => resolve(true))
  })
  if (!isHeld) return undefined
  const address = server.address()
  return {
    port: typeof address === 'object' ? address?.port : undefined,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of askers) socket.destroy()
      return closed
    },
  }
}

/** How to ask. */
export interface AskOptions {
  readonly project: string
  readonly clock: Clock
  /** @default the one in the file that the holder names, if it is this user's alone */
  readonly key?: Buffer
}

/**
 * Asks whoever holds `place`; undefined when nobody does.
 *
 * @throws `permission_denied`/`PLACE_NOT_OURS` when the holder is not a process of this user, `unavailable`/`PLACE_SILENT` when it does not answer within 2 s or
 * went away in the middle
 */
export async function askSignpost(place: Place, { project, clock, key: known }: AskOptions): Promise<Direction | undefined> {
  const socket = await reach(place, clock)
  if (socket === undefined) return undefined
  const where = placeText(place)
  const lines = readLines(socket, clock)
  try {
    const hello = await lines.next()
    const key = known ?? (typeof hello['key'] === 'string' ? readKeyFile(hello['key']) : undefined)
    const theirs = hello['nonce']
    if (key === undefined || typeof theirs !== 'string') throw natsErrors.placeNotOurs(where, project)
    const ours = newNonce()
    write(socket, { nonce: ours, proof: proofOf(key, ['asker', project, theirs, ours]) })
    const told = await lines.next()
    const { url, sealed, proof } = told
    if (typeof url !== 'string' || typeof sealed !== 'string' || !isProof(proof, key, ['holder', project, theirs, ours, url, sealed]))
      throw natsErrors.placeNotOurs(where, project)
    return { url, token: unseal(sealed, proofOf(key, ['seal', project, theirs, ours])) }
  } catch (error) {
    throw isOurs(error) ? error : natsErrors.placeSilent(where, error)
  } finally {
    lines.close()
    socket.destroy()
  }
}

async function answer(socket: Socket, { project, clock, key: sharing, direction }: SignpostOptions): Promise<void> {
  const lines = readLines(socket, clock)
  try {
    const { key, path } = await sharing
    const ours = newNonce()
    write(socket, { nonce: ours, ...(path === undefined ? {} : { key: path }) })
    const asked = await lines.next()
    const theirs = asked['nonce']
    if (typeof theirs !== 'string' || !isProof(asked['proof'], key, ['asker', project, ours, theirs])) return void socket.destroy()
    const { url, token } = await direction(socket.localAddress ?? '')
    const sealed = seal(token, proofOf(key, ['seal', project, ours, theirs]))
    write(socket, { url, sealed, proof: proofOf(key, ['holder', project, ours, theirs, url, sealed]) })
    socket.end()
  } finally {
    lines.close()
  }
}

function reach(place: Place, clock: Clock): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(place)
    const cancel = clock.after(askMs, () => socket.destroy(new Error(`no answer within ${askMs} ms`)))
    socket.once('connect', () => {
      cancel()
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      cancel()
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined)
      else reject(natsErrors.placeSilent(placeText(place), error))
    })
  })
}

type Line = Readonly<Record<string, unknown>>

/** Reads JSON objects, a line each, within the time that one exchange may take. */
function readLines(socket: Socket, clock: Clock): { next(): Promise<Line>; close(): void } {
  let text = ''
  let failure: Error | undefined
  let wake: () => void = () => undefined
  const fail = (error: Error) => {
    failure ??= error
    wake()
  }
  const cancel = clock.after(askMs, () => fail(new Error(`no answer within ${askMs} ms`)))
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.length > maxLineBytes) fail(new Error('a line that is too long'))
    wake()
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('it went away')))
  return {
    async next() {
      for (;;) {
        const end = text.indexOf('\n')
        if (end !== -1) {
          const line: unknown = JSON.parse(text.slice(0, end))
          text = text.slice(end + 1)
          if (typeof line === 'object' && line !== null) return line as Line
          throw new Error('a line that is no object')
        }
        if (failure !== undefined) throw failure
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    close: cancel,
  }
}

function write(socket: Socket, line: object): void {
  socket.write(`${JSON.stringify(line)}\n`)
}

function newNonce(): string {
  return process.getBuiltinModule('node:crypto').randomBytes(nonceBytes).toString('hex')
}

function proofOf(key: Buffer, parts: readonly string[]): string {
  return process.getBuiltinModule('node:crypto').createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex')
}

function isProof(found: unknown, key: Buffer, parts: readonly string[]): boolean {
  if (typeof found !== 'string') return false
  const wanted = Buffer.from(proofOf(key, parts))
  const given = Buffer.from(found)
  return given.length === wanted.length && process.getBuiltinModule('node:crypto').timingSafeEqual(given, wanted)
}

// No key seals twice, so that one nonce does for all.
const sealNonce = Buffer.alloc(12)
const tagBytes = 16

function seal(text: string, keyHex: string): string {
  const cipher = process.getBuiltinModule('node:crypto').createCipheriv('aes-256-gcm', Buffer.from(keyHex, 'hex'), sealNonce)
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

function unseal(sealed: string, keyHex: string): string {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = process.getBuiltinModule('node:crypto').createDecipheriv('aes-256-gcm', Buffer.from(keyHex, 'hex'), sealNonce)
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  return decipher.update(bytes.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
}

const isOurs = (error: unknown) => (error as { readonly reason?: unknown }).reason === 'PLACE_NOT_OURS'
