/** What can be chosen: a node of the registry, or anything else with an id of its own. */
export interface Candidate {
  readonly id: string
}

/** A node that was chosen for one attempt. */
export interface Selection<Node extends Candidate> {
  readonly node: Node
  /** Must be called once when the attempt is over, with the error if it failed. The second time it does nothing. */
  release(error?: unknown): void
}

/**
 * Chooses the node for one attempt of a call. It holds no connection and no timer, so there is nothing to close.
 *
 * It is asked anew for each attempt, with the nodes that live now; what it remembers of a node (calls under way) is by node id, and forgotten
 * when the node is no longer among those that it is shown.
 */
export interface Selector {
  /** What it is, as the user chooses it: `"random"`, `"round-robin"`, `"least-pending"`. */
  readonly name: string
  /**
   * One of `nodes`, which come in the order of the registry. `service` tells apart what is remembered for each service.
   *
   * @throws `unavailable`/`NO_NODES` when `nodes` is empty
   */
  select<Node extends Candidate>(service: string, nodes: readonly Node[]): Selection<Node>
}
