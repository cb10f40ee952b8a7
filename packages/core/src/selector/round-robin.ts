import { selectorErrors } from './errors.js'
import type { Candidate, Selection, Selector } from './selector.js'

interface Turn {
  id: string
  index: number
}

/**
 * Chooses the nodes of a service in turn, in the order of the registry, each service for itself.
 *
 * The turn is that of the node after the one that was chosen last, also when others came or went in between; when that one is gone itself, the turn
 * is that of the node in its place.
 */
export function roundRobinSelector(): Selector {
  const turns = new Map<string, Turn>()
  return {
    name: 'round-robin',
    select<Node extends Candidate>(service: string, nodes: readonly Node[]): Selection<Node> {
      if (nodes.length === 0) {
        turns.delete(service)
        throw selectorErrors.noNodes(service)
      }
      const last = turns.get(service)
      const index = last === undefined ? 0 : after(last, nodes) % nodes.length
      const node = nodes[index] as Node
      if (last === undefined) turns.set(service, { id: node.id, index })
      else {
        last.id = node.id
        last.index = index
      }
      return { node, release: nothingHeld }
    },
  }
}

function after(last: Turn, nodes: readonly Candidate[]): number {
  if (nodes[last.index]?.id === last.id) return last.index + 1
  const moved = nodes.findIndex(({ id }) => id === last.id)
  return moved === -1 ? last.index : moved + 1
}

function nothingHeld(): void {
  // The turn has passed on when the node was chosen, so there is nothing to give back.
}
