import type { Account, Resource, Rule } from './auth.js'
import { inOrderOfTrial, wordsThatFit } from './match.js'

/** Rules, kept so that one question does not look at all of them. */
export interface RuleBook {
  /** Adds the rule, or replaces the one with its id. */
  put(rule: Rule): void
  /** Gives whether there was one. */
  remove(id: string): boolean
  /** The first rule, in the order of trial, that fits; undefined when none does. */
  decide(account: Account | undefined, resource: Resource): Rule | undefined
  /** All, in the order of trial. */
  all(): readonly Rule[]
}

interface Branch {
  readonly below: Map<string, Branch>
  /** In the order of trial; only where the last word ends. */
  readonly rules: Rule[]
}

/**
 * A rule book without rules.
 *
 * It is a tree over the four words of a rule: type, name, endpoint, scope. A question follows only the words that can fit, so its cost depends on how many
 * separators its endpoint and how many scopes its account has, not on how many rules there are.
 */
export function ruleBook(): RuleBook {
  const byId = new Map<string, Rule>()
  const root = branch()

  const remove = (id: string) => {
    const rule = byId.get(id)
    if (rule === undefined) return false
    byId.delete(id)
    prune(root, wordsOf(rule), rule)
    return true
  }

  return {
    put(rule) {
      remove(rule.id)
      byId.set(rule.id, rule)
      let at = root
      for (const word of wordsOf(rule)) {
        const next = at.below.get(word) ?? branch()
        at.below.set(word, next)
        at = next
      }
      const place = at.rules.findIndex((other) => inOrderOfTrial(rule, other) < 0)
      at.rules.splice(place === -1 ? at.rules.length : place, 0, rule)
    },
    remove,
    decide(account, resource) {
      const words = wordsThatFit(account, resource)
      return words === undefined ? undefined : firstOf(root, words, 0)
    },
    all: () => [...byId.values()].sort(inOrderOfTrial),
  }
}

const branch = (): Branch => ({ below: new Map(), rules: [] })

const wordsOf = ({ resource, scope }: Rule): readonly string[] => [resource.type, resource.name, resource.endpoint, scope]

function firstOf(at: Branch, words: readonly (readonly string[])[], depth: number): Rule | undefined {
  const possible = words[depth]
  if (possible === undefined) return at.rules[0]
  let first: Rule | undefined
  for (const word of possible) {
    const next = at.below.get(word)
    const found = next === undefined ? undefined : firstOf(next, words, depth + 1)
    if (found !== undefined && (first === undefined || inOrderOfTrial(found, first) < 0)) first = found
  }
  return first
}

// Branches that lead to no rule go too, so that a book whose rules come and go does not grow.
function prune(at: Branch, words: readonly string[], rule: Rule): void {
  const [word, ...below] = words
  if (word === undefined) {
    at.rules.splice(at.rules.indexOf(rule), 1)
    return
  }
  const next = at.below.get(word)
  if (next === undefined) return
  prune(next, below, rule)
  if (next.below.size === 0 && next.rules.length === 0) at.below.delete(word)
}
