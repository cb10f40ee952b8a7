import { selectorErrors } from './errors.js'
import type { Candidate, Selection, Selector } from './selector.js'

/** How a {@link randomSelector} is made. */
export interface RandomSelectorOptions {
  /** Evenly drawn from 0 (included) to 1 (excluded). @default Math.random */
  readonly random?: () => number
}

/** Chooses any node, each as likely as the others. It remembers nothing. */
export function randomSelector(options: RandomSelectorOptions = {}): Selector {
  const { random = Math.random } = options
  return {
    name: 'random',
    select<Node extends Candidate>(service: string, nodes: readonly Node[]): Selection<Node> {
      const node = nodes[Math.floor(random() * nodes.length)]
      if (node === undefined) throw selectorErrors.noNodes(service)
      return { node, release: nothingHeld }
    },
  }
}

function nothingHeld(): void {
  // Nothing was counted, so there is nothing to give back.
}
