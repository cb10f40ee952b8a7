import { selectorErrors } from './errors.js'
import type { Candidate, Selection, Selector } from './selector.js'

/** How a {@link leastPendingSelector} is made. */
export interface LeastPendingSelectorOptions {
  /** Evenly drawn from 0 (included) to 1 (excluded). @default Math.random */
  readonly random?: () => number
}

interface Load {
  readonly id: string
  /** Selections of this node that are not yet released. */
  pending: number
}

interface Known {
  nodes: readonly Candidate[]
  /** One for each of `nodes`, in their order. */
  loads: readonly Load[]
}

/**
 * Chooses, of two nodes drawn at random, the one with fewer calls of this process under way.
 *
 * Two draws are enough to keep the load even, cost the same for any number of nodes, and do not send all callers to the one node that is idle now,
 * as asking for the least of all would.
 *
 * @see https://www.eecs.harvard.edu/~michaelm/postscripts/tpds2001.pdf for the power of two choices
 */
export function leastPendingSelector(options: LeastPendingSelectorOptions = {}): Selector {
  const { random = Math.random } = options
  const services = new Map<string, Known>()

  const loadsOf = (service: string, nodes: readonly Candidate[]): readonly Load[] => {
    const known = services.get(service)
    if (known === undefined) {
      const loads = nodes.map(({ id }) => ({ id, pending: 0 }))
      services.set(service, { nodes, loads })
      return loads
    }
    if (known.nodes !== nodes || known.loads.length !== nodes.length) align(known, nodes)
    return known.loads
  }

  return {
    name: 'least-pending',
    select<Node extends Candidate>(service: string, nodes: readonly Node[]): Selection<Node> {
      if (nodes.length === 0) {
        services.delete(service)
        throw selectorErrors.noNodes(service)
      }
      const loads = loadsOf(service, nodes)
      const index = nodes.length === 1 ? 0 : lighter(loads, random)
      const load = loads[index] as Load
      load.pending++

      let released = false
      const release = () => {
        if (released) return
        released = true
        load.pending--
      }
      return { node: nodes[index] as Node, release }
    },
  }
}

function lighter(loads: readonly Load[], random: () => number): number {
  const first = Math.floor(random() * loads.length)
  // One of the others: the drawn number passes over `first`, so that a node is never weighed against itself.
  const drawn = Math.floor(random() * (loads.length - 1))
  const second = drawn < first ? drawn : drawn + 1
  return (loads[second] as Load).pending < (loads[first] as Load).pending ? second : first
}

// The registry hands out another array when something changed, or a copy of the same. A node that is gone is forgotten here; calls to it
// that are still under way count down a load that nobody looks at.
function align(known: Known, nodes: readonly Candidate[]): void {
  known.nodes = nodes
  if (known.loads.length === nodes.length && nodes.every(({ id }, index) => known.loads[index]?.id === id)) return
  const before = new Map(known.loads.map((load) => [load.id, load]))
  known.loads = nodes.map(({ id }) => before.get(id) ?? { id, pending: 0 })
}
