/** A version as semver.org has it, without its build. */
export interface Version {
  readonly numbers: readonly [number, number, number]
  /** The parts of `rc.1`; none for a release. */
  readonly pre: readonly string[]
}

const version = /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/
const comparator = /^(\^|~|>=|<=|>|<|=)v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:-([0-9A-Za-z.-]+))?$/

/** The version that a tag names: `v1.2.3`, `1.2.3-rc.1`. Undefined for a tag that is no whole version. */
export function parseVersion(tag: string): Version | undefined {
  const found = version.exec(tag)
  if (found === null) return undefined
  return { numbers: [Number(found[1]), Number(found[2]), Number(found[3])], pre: found[4]?.split('.') ?? [] }
}

/** Below 0 when `a` comes before `b`. */
export function compareVersions(a: Version, b: Version): number {
  for (const [index, number] of a.numbers.entries()) if (number !== b.numbers[index]) return number - (b.numbers[index] ?? 0)
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length
  for (let index = 0; index < Math.max(a.pre.length, b.pre.length); index++) {
    const apart = comparePart(a.pre[index], b.pre[index])
    if (apart !== 0) return apart
  }
  return 0
}

/**
 * Whether a version fits a range: comparators with a space between, all of which must hold, or `latest`, which every release fits.
 * A version before a release fits only a range that names one of the same three numbers, as npm has it.
 */
export function fitsRange(candidate: Version, range: string): boolean {
  if (range === 'latest') return candidate.pre.length === 0
  const bounds = range.split(' ').map(boundsOf)
  const isNamed = bounds.some(
    ({ named }) => named.pre.length > 0 && named.numbers.every((number, index) => number === candidate.numbers[index]),
  )
  if (candidate.pre.length > 0 && !isNamed) return false
  return bounds.every(({ holds }) => holds(candidate))
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumberA && isNumberB) return Number(a) - Number(b)
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1
  return a < b ? -1 : 1
}

function boundsOf(text: string): { readonly named: Version; readonly holds: (candidate: Version) => boolean } {
  const [, operator = '=', major = '0', minor, patch, pre] = comparator.exec(text) ?? []
  const named: Version = { numbers: [Number(major), Number(minor ?? 0), Number(patch ?? 0)], pre: pre?.split('.') ?? [] }
  const isAtLeast = (candidate: Version) => compareVersions(candidate, named) >= 0
  // `1.2` stands for all of 1.2.x: what comes after it is 1.3.0.
  const next = (position: number): Version => {
    const [first, second, third] = named.numbers.map((number, index) =>
      index === position ? number + 1 : number * Number(index < position),
    )
    return { numbers: [first ?? 0, second ?? 0, third ?? 0], pre: [] }
  }
  // The last of the three that is written.
  const last = [minor, patch].filter((part) => part !== undefined).length
  const isBelow = (position: number) => (candidate: Version) => compareVersions(candidate, next(position)) < 0
  switch (operator) {
    case '^': {
      const first = named.numbers.findIndex((number) => number > 0)
      const below = isBelow(first === -1 ? last : Math.min(first, last))
      return { named, holds: (candidate) => isAtLeast(candidate) && below(candidate) }
    }
    case '~': {
      const below = isBelow(Math.min(last, 1))
      return { named, holds: (candidate) => isAtLeast(candidate) && below(candidate) }
    }
    case '>=':
      return { named, holds: isAtLeast }
    case '<':
      return { named, holds: (candidate) => compareVersions(candidate, named) < 0 }
    case '>':
      return { named, holds: last === 2 ? (candidate) => compareVersions(candidate, named) > 0 : (candidate) => !isBelow(last)(candidate) }
    case '<=':
      return { named, holds: last === 2 ? (candidate) => compareVersions(candidate, named) <= 0 : isBelow(last) }
    default:
      return {
        named,
        holds:
          last === 2
            ? (candidate) => compareVersions(candidate, named) === 0
            : (candidate) => isAtLeast(candidate) && isBelow(last)(candidate),
      }
  }
}
