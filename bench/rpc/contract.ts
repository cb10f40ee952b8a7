/** What every peer does: gets items, and gives them back, written and read on both sides. */

/** One of the things that a payload lists. */
export interface Item {
  readonly id: number
  readonly name: string
  readonly n: number
  readonly score: number
  readonly ok: boolean
  readonly data: string
}

/** What is sent, and comes back. */
export interface Payload {
  readonly items: readonly Item[]
}

/** One call. Exactly one of `done` and `failed` is called, later. Callbacks, so that a peer that needs no promise pays for none. */
export type Call = (input: unknown, done: (output: unknown) => void, failed: (error: unknown) => void) => void

/** What is measured. A process has one side of it. */
export interface Peer {
  /** Starts the server, and gives what `connect` needs to find it. */
  serve(): Promise<{ readonly address: string; close?(): Promise<unknown> }>
  /** Resolves when calls can be made. It holds as many connections as calls at once need, at most 64. */
  connect(address: string): Promise<{ readonly call: Call; close?(): Promise<unknown> }>
  /** What its calls are given in the place of the payload, made once. @default the payload */
  prepare?(payload: Payload): unknown
}

/** A call of a peer whose client gives promises. */
export function promised(call: (input: unknown) => Promise<unknown>): Call {
  return (input, answered, failed) => {
    call(input).then(answered, failed)
  }
}

/**
 * A package of bench/peers, which has a lock file of its own and is not there for the compiler: `Module` says what is used of it.
 *
 * @throws ERR_MODULE_NOT_FOUND when it is not installed
 */
export async function load<Module>(name: string): Promise<Module> {
  return (await import(name)) as Module
}

/** As many items as a payload of `bytes` bytes of JSON takes, each of about 111. The last one's data is as long as is left. */
export function payloadOf(bytes: number): Payload {
  const count = Math.max(1, Math.floor((bytes - 12) / 111))
  const items = Array.from({ length: count }, (_, index) => itemOf(index))
  const last = items.at(-1) as Item
  const missing = bytes - JSON.stringify({ items }).length
  const data = missing >= 0 ? last.data + letters(count, missing) : last.data.slice(0, missing)
  return { items: [...items.slice(0, -1), { ...last, data }] }
}

function itemOf(index: number): Item {
  return {
    id: 100_000 + index,
    name: `item-${String(index).padStart(6, '0')}`,
    n: (index * 7919) % 1000,
    score: ((index * 31) % 97) + 0.5,
    ok: index % 3 === 0,
    data: letters(index, 30),
  }
}

// The same in every run, and not one letter over and over.
function letters(seed: number, length: number): string {
  return Array.from({ length }, (_, index) => String.fromCodePoint(97 + ((seed * 17 + index * index * 5 + index) % 26))).join('')
}
