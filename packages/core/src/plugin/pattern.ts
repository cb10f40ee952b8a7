import { parsePattern, type Expression } from './parse-pattern.js'

/** An expression that takes time in proportion to the text, whatever both are. */
export interface Pattern {
  /** Whether some part of `text` fits, as `RegExp.test` with the flag `u` would say. */
  test(text: string): boolean
}

/** The longest text that a pattern is asked about, in UTF-16 units. The worst pattern takes about a second for it, a usual one microseconds. */
export const mostPatternText = 4096

const mostCharacters = 500
const mostParts = 2000

/**
 * Reads the `pattern` of an option: a regular expression of JavaScript (flag `u`) without look-around, back references, word boundaries and named groups.
 *
 * Patterns come with plugins, from strangers, and `RegExp` tries all ways through an expression one after the other: `(a+)+$` takes it years for 50 times "a"
 * and a "b". Here all ways are walked side by side, a character at a time.
 *
 * @see https://swtch.com/~rsc/regexp/regexp1.html
 */
export function readPattern(source: string): { readonly pattern: Pattern; readonly why?: undefined } | { readonly why: string } {
  if (source.length > mostCharacters) return { why: `it has ${source.length} characters, and ${mostCharacters} are the most` }
  try {
    const states = compile(parsePattern(source))
    if (states === undefined) return { why: `with its repetitions written out it has more than ${mostParts} parts` }
    return { pattern: { test: (text) => walk(states, text) } }
  } catch (error) {
    if (error instanceof SyntaxError) return { why: error.message }
    throw error
  }
}

/** A place in the expression. `next` is where it goes on: after a character that fits, after the check of where it stands, or (`fork`) just so. */
interface State {
  readonly is: 'one' | 'start' | 'end' | 'fork' | 'done'
  readonly fits: (character: string) => boolean
  readonly next: number[]
}

const never = () => false

/** The places of an expression, the first is its end, the last its beginning; undefined when there are too many. */
function compile(root: Expression): readonly State[] | undefined {
  const states: State[] = []
  let parts = 0
  const add = (is: State['is'], next: number[], fits: State['fits'] = never): number => states.push({ is, fits, next }) - 1
  const enter = (part: Expression, next: number): number => {
    // Counted here, since an empty group that is repeated a million times has no place of its own.
    if (++parts > mostParts) return next
    switch (part.is) {
      case 'one':
        return add('one', [next], part.fits)
      case 'start':
      case 'end':
        return add(part.is, [next])
      case 'all':
        return part.of.reduceRight((after, one) => enter(one, after), next)
      case 'any':
        return add(
          'fork',
          part.of.map((one) => enter(one, next)),
        )
      case 'repeat':
        return repeat(part, next)
    }
  }
  const repeat = ({ of, least, most }: Extract<Expression, { is: 'repeat' }>, next: number): number => {
    let entry = next
    if (most === Infinity) {
      entry = add('fork', [next])
      states[entry]?.next.push(enter(of, entry))
    }
    for (let times = least; times < most && most !== Infinity && parts <= mostParts; times++) entry = add('fork', [next, enter(of, entry)])
    for (let times = 0; times < least && parts <= mostParts; times++) entry = enter(of, entry)
    return entry
  }
  add('fork', [enter(root, add('done', []))])
  return parts > mostParts ? undefined : states
}

function walk(states: readonly State[], text: string): boolean {
  const characters = Array.from(text)
  let entries: readonly number[] = []
  for (const [at, character] of [...characters, ''].entries()) {
    // A part that fits may begin at any character.
    const reached = reach(states, [...entries, states.length - 1], { start: at === 0, end: at === characters.length })
    if (reached.has(0)) return true
    entries = [...reached].flatMap((index) => (states[index]?.fits(character) === true ? (states[index]?.next ?? []) : []))
  }
  return false
}

/** All places that can be reached from `entries` without taking a character. */
function reach(
  states: readonly State[],
  entries: readonly number[],
  here: { readonly start: boolean; readonly end: boolean },
): Set<number> {
  const reached = new Set<number>()
  const waiting = [...entries]
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (reached.has(index)) continue
    reached.add(index)
    const { is, next } = states[index] as State
    if (is === 'fork' || (is === 'start' && here.start) || (is === 'end' && here.end)) waiting.push(...next)
  }
  return reached
}
