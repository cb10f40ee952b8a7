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

/** Subscriptions by subject: a tree with one level a token, and a bounded memory of what was asked before. */
export interface Sublist<T extends Interest> {
  readonly size: number
  /** Changes with every insertion and removal: whoever keeps a match compares it. */
  readonly generation: number
  insert(interest: T): void
  /** Takes out what was inserted; what was not does nothing. */
  remove(interest: T): void
  /** Those who want what is published to `subject`, in the order of their insertion within one pattern. */
  match(subject: string): Match<T>
}

interface Level<T extends Interest> {
  readonly next: Map<string, Level<T>>
  /** Of the subjects that end here. */
  readonly plain: Set<T>
  readonly groups: Map<string, Set<T>>
}

// Beyond it everything is forgotten at once: a publisher that makes up subjects must not fill the memory, and a refill is cheap.
const maxRemembered = 4096

/** An empty {@link Sublist}. */
export function sublist<T extends Interest>(): Sublist<T> {
  const root = level<T>()
  const remembered = new Map<string, Match<T>>()
  let size = 0
  let generation = 0

  const changed = (interest: T) => {
    generation++
    if (isPattern(interest.subject)) remembered.clear()
    else remembered.delete(interest.subject)
  }

  return {
    get size() {
      return size
    },
    get generation() {
      return generation
    },
    insert(interest) {
      let at = root
      for (const token of interest.subject.split('.')) {
        let next = at.next.get(token)
        if (next === undefined) at.next.set(token, (next = level()))
        at = next
      }
      const held = holder(at, interest)
      if (held.has(interest)) return
      held.add(interest)
      size++
      changed(interest)
    },
    remove(interest) {
      if (!removeFrom(root, interest.subject.split('.'), 0, interest)) return
      size--
      changed(interest)
    },
    match(subject) {
      const known = remembered.get(subject)
      if (known !== undefined) return known
      const plain: T[] = []
      const groups = new Map<string, T[]>()
      const tokens = subject.split('.')
      if (!tokens.includes('')) collect(root, tokens, 0, { plain, groups })
      const match = { plain, groups: [...groups.values()] }
      if (remembered.size >= maxRemembered) remembered.clear()
      remembered.set(subject, match)
      return match
    },
  }
}

const level = <T extends Interest>(): Level<T> => ({ next: new Map(), plain: new Set(), groups: new Map() })

function holder<T extends Interest>(at: Level<T>, interest: T): Set<T> {
  if (interest.queue === undefined) return at.plain
  let group = at.groups.get(interest.queue)
  if (group === undefined) at.groups.set(interest.queue, (group = new Set()))
  return group
}

// Levels that are empty afterwards go too: subjects that are used once (inboxes) must leave nothing behind.
function removeFrom<T extends Interest>(at: Level<T>, tokens: readonly string[], depth: number, interest: T): boolean {
  if (depth === tokens.length) {
    if (interest.queue === undefined) return at.plain.delete(interest)
    const group = at.groups.get(interest.queue)
    const removed = group?.delete(interest) ?? false
    if (group?.size === 0) at.groups.delete(interest.queue)
    return removed
  }
  const token = tokens[depth] as string
  const next = at.next.get(token)
  if (next === undefined || !removeFrom(next, tokens, depth + 1, interest)) return false
  if (next.next.size === 0 && next.plain.size === 0 && next.groups.size === 0) at.next.delete(token)
  return true
}

interface Found<T> {
  readonly plain: T[]
  /** A group is one by its name, under whatever patterns its members subscribed. */
  readonly groups: Map<string, T[]>
}

function collect<T extends Interest>(at: Level<T>, tokens: readonly string[], depth: number, found: Found<T>): void {
  if (depth === tokens.length) return take(at, found)
  const token = tokens[depth] as string
  const rest = at.next.get('>')
  if (rest !== undefined) take(rest, found)
  const any = at.next.get('*')
  if (any !== undefined) collect(any, tokens, depth + 1, found)
  // A published `*` or `>` is a plain token; it was looked up above already.
  if (token === '*' || token === '>') return
  const exact = at.next.get(token)
  if (exact !== undefined) collect(exact, tokens, depth + 1, found)
}

function take<T extends Interest>(at: Level<T>, found: Found<T>): void {
  for (const interest of at.plain) found.plain.push(interest)
  for (const [name, members] of at.groups) {
    const group = found.groups.get(name)
    if (group === undefined) found.groups.set(name, [...members])
    else group.push(...members)
  }
}
