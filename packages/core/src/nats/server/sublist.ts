import { isPattern } from '../wire/subject.js'

/** What a {@link Sublist} holds: a subject that may have wildcards, and a queue group or none. */
export interface Interest {
  readonly subject: string
  readonly queue: string | undefined
}

/** Who wants a message. The arrays are never changed once they are handed out, so that one can be walked while subscriptions come and go. */
export interface Match<T extends Interest> {
  /** Each of them gets the message. */
  readonly plain: readonly T[]
  /** One of each group gets it. */
  readonly groups: readonly (readonly T[])[]
}

/** What a {@link Sublist} has done so far, and `remembered`: the answers that it holds. */
export interface SublistCounts {
  readonly inserts: number
  readonly removes: number
  readonly matches: number
  readonly hits: number
  readonly remembered: number
}

/** Subscriptions by subject: a tree with one level a token, and a bounded memory of what was asked before. */
export interface Sublist<T extends Interest> {
  readonly size: number
  /** Changes with every insertion and removal: whoever keeps a match compares it. */
  readonly generation: number
  readonly counts: SublistCounts
  insert(interest: T): void
  /** Takes out what was inserted; what was not does nothing. */
  remove(interest: T): void
  /** Those who want what is published to `subject`, in the order of their insertion within one pattern. */
  match(subject: string): Match<T>
}

// Made as they are needed: with a hundred thousand subjects most levels have one subscription, or one level below. Three tables each would be 100 MB, and
// each table is three more places in memory to wait for.
interface Level<T extends Interest> {
  /** The token of the only level below, while there is only one. */
  token: string | undefined
  only: Level<T> | undefined
  /** Of all levels below, from the second on. */
  next: Map<string, Level<T>> | undefined
  /** Below `*`. */
  any: Level<T> | undefined
  /** At `>`. */
  rest: Level<T> | undefined
  /** The only one of the subjects that end here. */
  one: T | undefined
  /** All of them, from the second on. */
  many: Set<T> | undefined
  groups: Map<string, Set<T>> | undefined
}

// Of either half of the memory.
const maxRemembered = 2048

/** An empty {@link Sublist}. */
export function sublist<T extends Interest>(): Sublist<T> {
  const root = level<T>()
  // When the young half is full it becomes the old one, and what was the old one is forgotten: subjects that are used once (inboxes) do not push out the others.
  let young = new Map<string, Match<T>>()
  let old = new Map<string, Match<T>>()
  let size = 0
  let generation = 0
  const done = { inserts: 0, removes: 0, matches: 0, hits: 0 }

  return {
    get size() {
      return size
    },
    get generation() {
      return generation
    },
    get counts() {
      return { ...done, remembered: young.size + old.size }
    },
    insert(interest) {
      let at = root
      for (const token of interest.subject.split('.')) at = below(at, token)
      if (!add(at, interest)) return
      size++
      done.inserts++
      changed(interest)
    },
    remove(interest) {
      if (!removeFrom(root, interest.subject.split('.'), 0, interest)) return
      size--
      done.removes++
      changed(interest)
    },
    match(subject) {
      done.matches++
      const known = young.get(subject)
      if (known !== undefined) {
        done.hits++
        return known
      }
      return remember(subject, recall(subject) ?? find(subject))
    },
  }

  function recall(subject: string): Match<T> | undefined {
    const known = old.get(subject)
    if (known !== undefined) done.hits++
    return known
  }

  function find(subject: string): Match<T> {
    const found: Found<T> = { plain: [], groups: undefined }
    const tokens = subject.split('.')
    if (!tokens.includes('')) collect(root, tokens, 0, found)
    return { plain: found.plain, groups: found.groups === undefined ? [] : [...found.groups.values()] }
  }

  function remember(subject: string, match: Match<T>): Match<T> {
    if (young.size >= maxRemembered) {
      old = young
      young = new Map()
    }
    young.set(subject, match)
    return match
  }

  function changed(interest: T): void {
    generation++
    if (isPattern(interest.subject)) {
      if (young.size > 0) young = new Map()
      if (old.size > 0) old = new Map()
      return
    }
    young.delete(interest.subject)
    old.delete(interest.subject)
  }
}

const level = <T extends Interest>(): Level<T> => ({
  token: undefined,
  only: undefined,
  next: undefined,
  any: undefined,
  rest: undefined,
  one: undefined,
  many: undefined,
  groups: undefined,
})

function below<T extends Interest>(at: Level<T>, token: string): Level<T> {
  if (token === '*') return (at.any ??= level())
  if (token === '>') return (at.rest ??= level())
  const known = exactly(at, token)
  if (known !== undefined) return known
  const made = level<T>()
  if (at.next !== undefined) at.next.set(token, made)
  else if (at.only === undefined || at.token === undefined) {
    at.token = token
    at.only = made
  } else {
    at.next = new Map([
      [at.token, at.only],
      [token, made],
    ])
    at.token = at.only = undefined
  }
  return made
}

function exactly<T extends Interest>(at: Level<T>, token: string): Level<T> | undefined {
  return at.token === token ? at.only : at.next?.get(token)
}

function add<T extends Interest>(at: Level<T>, interest: T): boolean {
  if (interest.queue === undefined) {
    if (at.many !== undefined) {
      if (at.many.has(interest)) return false
      at.many.add(interest)
      return true
    }
    if (at.one === interest) return false
    if (at.one === undefined) at.one = interest
    else {
      at.many = new Set([at.one, interest])
      at.one = undefined
    }
    return true
  }
  at.groups ??= new Map()
  let group = at.groups.get(interest.queue)
  if (group === undefined) at.groups.set(interest.queue, (group = new Set()))
  if (group.has(interest)) return false
  group.add(interest)
  return true
}

// Levels that are empty afterwards go too: subjects that are used once (inboxes) must leave nothing behind.
function removeFrom<T extends Interest>(at: Level<T>, tokens: readonly string[], depth: number, interest: T): boolean {
  if (depth === tokens.length) return takeOut(at, interest)
  const token = tokens[depth] as string
  const next = levelBelow(at, token)
  if (next === undefined || !removeFrom(next, tokens, depth + 1, interest)) return false
  if (!isEmpty(next)) return true
  if (token === '*') at.any = undefined
  else if (token === '>') at.rest = undefined
  else if (at.token === token) at.token = at.only = undefined
  else if (at.next !== undefined && at.next.delete(token) && at.next.size === 0) at.next = undefined
  return true
}

function levelBelow<T extends Interest>(at: Level<T>, token: string): Level<T> | undefined {
  if (token === '*') return at.any
  return token === '>' ? at.rest : exactly(at, token)
}

function takeOut<T extends Interest>(at: Level<T>, interest: T): boolean {
  if (interest.queue !== undefined) {
    const group = at.groups?.get(interest.queue)
    const removed = group?.delete(interest) ?? false
    if (group?.size === 0) at.groups?.delete(interest.queue)
    if (at.groups?.size === 0) at.groups = undefined
    return removed
  }
  if (at.many !== undefined) {
    const removed = at.many.delete(interest)
    if (at.many.size === 0) at.many = undefined
    return removed
  }
  if (at.one !== interest) return false
  at.one = undefined
  return true
}

const isEmpty = <T extends Interest>({ only, next, any, rest, one, many, groups }: Level<T>) =>
  only === undefined &&
  next === undefined &&
  any === undefined &&
  rest === undefined &&
  one === undefined &&
  many === undefined &&
  groups === undefined

interface Found<T> {
  readonly plain: T[]
  /** A group is one by its name, under whatever patterns its members subscribed. */
  groups: Map<string, T[]> | undefined
}

function collect<T extends Interest>(at: Level<T>, tokens: readonly string[], depth: number, found: Found<T>): void {
  if (depth === tokens.length) return take(at, found)
  if (at.rest !== undefined) take(at.rest, found)
  if (at.any !== undefined) collect(at.any, tokens, depth + 1, found)
  // A published `*` or `>` is a plain token, and no subscription has it as one.
  const exact = exactly(at, tokens[depth] as string)
  if (exact !== undefined) collect(exact, tokens, depth + 1, found)
}

function take<T extends Interest>({ one, many, groups }: Level<T>, found: Found<T>): void {
  if (one !== undefined) found.plain.push(one)
  else if (many !== undefined) for (const interest of many) found.plain.push(interest)
  if (groups === undefined) return
  found.groups ??= new Map()
  for (const [name, members] of groups) {
    const group = found.groups.get(name)
    if (group === undefined) found.groups.set(name, [...members])
    else for (const member of members) group.push(member)
  }
}
