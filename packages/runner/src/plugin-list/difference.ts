const mostLines = 40

/** The lines of two texts that are not the same: `- ` for those that `before` has, `+ ` for those of `after`, in order; at most 40. */
export function difference(before: string, after: string): readonly string[] {
  const [old, young] = [before.trimEnd().split('\n'), after.trimEnd().split('\n')]
  const common = commonLengths(old, young)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < young.length) {
    if (i < old.length && j < young.length && old[i] === young[j]) {
      i++
      j++
    } else if (j >= young.length || (i < old.length && at(common, i + 1, j) >= at(common, i, j + 1))) lines.push(`- ${old[i++]}`)
    else lines.push(`+ ${young[j++]}`)
  }
  return lines.length <= mostLines ? lines : [...lines.slice(0, mostLines), `... and ${lines.length - mostLines} more lines`]
}

/** How many lines the ends of two texts have in common, from each line of the one and of the other. */
function commonLengths(old: readonly string[], young: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: old.length + 1 }, () => Array.from({ length: young.length + 1 }, () => 0))
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = young.length - 1; j >= 0; j--)
      (lengths[i] as number[])[j] =
        old[i] === young[j] ? at(lengths, i + 1, j + 1) + 1 : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1))
  return lengths
}

const at = (lengths: readonly (readonly number[])[], i: number, j: number) => lengths[i]?.[j] ?? 0
