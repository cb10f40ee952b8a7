/**
 * Numbers from 0 (included) to 1 (excluded), the same for the same seed: for tests that print their seed.
 *
 * @see https://www.jstatsoft.org/article/view/v008i14 for Marsaglia's xorshift
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
