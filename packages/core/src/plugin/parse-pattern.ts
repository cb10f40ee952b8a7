/** A regular expression as a tree. */
export type Expression =
  | { readonly is: 'one'; readonly fits: (character: string) => boolean }
  | { readonly is: 'start' | 'end' }
  | { readonly is: 'all' | 'any'; readonly of: readonly Expression[] }
  | { readonly is: 'repeat'; readonly of: Expression; readonly least: number; readonly most: number }

/**
 * The tree of a regular expression of JavaScript, with the flag `u`. What one character may be is left to `RegExp`; what needs more than one is refused:
 * look-around, back references, word boundaries, named groups.
 *
 * @throws SyntaxError when it is no expression, or has what is refused
 */
export function parsePattern(source: string): Expression {
  // Whether it is an expression at all is best told by whoever decides it. From here on all that is written is well formed.
  void new RegExp(source, 'u')
  let at = 0
  const take = (expression: RegExp): string | undefined => {
    expression.lastIndex = at
    const found = expression.exec(source)?.[0]
    at += found?.length ?? 0
    return found
  }
  const alternatives = (): Expression => {
    const of = [sequence()]
    while (take(/\|/uy) !== undefined) of.push(sequence())
    return { is: 'any', of }
  }
  const sequence = (): Expression => {
    const of: Expression[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') of.push(repeated(atom()))
    return { is: 'all', of }
  }
  const repeated = (of: Expression): Expression => {
    const sign = take(/[*+?]|\{\d+(?:,\d*)?\}/uy)
    if (sign === undefined) return of
    take(/\?/uy) // Lazy or not, the same texts fit.
    if (sign.length === 1) return { is: 'repeat', of, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity }
    const [least = '', most = least] = sign.slice(1, -1).split(',')
    return { is: 'repeat', of, least: Number(least), most: most === '' ? Infinity : Number(most) }
  }
  const atom = (): Expression => {
    if (take(/\^/uy) !== undefined) return { is: 'start' }
    if (take(/\$/uy) !== undefined) return { is: 'end' }
    if (take(/\((?!\?)|\(\?:/uy) !== undefined) {
      const group = alternatives()
      take(/\)/uy)
      return group
    }
    const set = take(oneOfSeveral)
    if (set !== undefined) return { is: 'one', fits: fitsSet(set) }
    const written = take(/\\[$()*+./?[\\\]^{|}]|[^\\(]/uy)
    if (written === undefined) throw new SyntaxError(`"${source.slice(at, at + 3)}" is more than a pattern may have`)
    const wanted = written.replace(/^\\/, '')
    return { is: 'one', fits: (character) => character === wanted }
  }
  return alternatives()
}

// Half of a surrogate pair is left out: two of them in a row would be one character.
const oneOfSeveral = /\.|\[(?:\\.|[^\]\\])*\]|\\[dDwWsStnrvf0]|\\[pP]\{[^}]*\}|\\x..|\\u\{[^}]*\}|\\u(?![dD][89a-fA-F])..../uy

function fitsSet(set: string): (character: string) => boolean {
  const expression = new RegExp(`^${set}$`, 'u')
  return (character) => expression.test(character)
}
