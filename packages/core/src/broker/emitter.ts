import { sublist, type Interest } from '../nats/index.js'

/** Takes what is emitted. It must not throw: those after it would get nothing. */
export type EmitterListener<T> = (topic: string, value: T) => void

/** Publishers and subscribers of one process, by topic, with wildcards and queue groups, and nothing in between. */
export interface Emitter<T> {
  /** Calls `listener` for what is emitted from now on, or, of one queue group, one of its listeners. Gives what ends that. */
  listen(topic: string, listener: EmitterListener<T>, queue?: string): () => void
  /** Calls the listeners, one after the other, in the order in which they came; who comes or goes meanwhile counts from the next time on. Gives how many it has called. */
  emit(topic: string, value: T): number
}

interface Standing<T> extends Interest {
  readonly listener: EmitterListener<T>
}

/** Whom a topic reaches, so laid out that the usual case costs one call. */
interface Route<T> {
  readonly topic: string
  /** The one and only listener, when there is no other and no group. */
  readonly only: EmitterListener<T> | undefined
  readonly plain: readonly EmitterListener<T>[]
  readonly groups: readonly (readonly Standing<T>[])[]
}

// Beyond it everything is forgotten at once: topics that are made up must not fill the memory, and a refill is cheap.
const maxRoutes = 4096

/** An {@link Emitter} to which nobody listens. `random`, evenly drawn from 0 (included) to 1 (excluded), picks the member of a queue group. */
export function emitter<T>(random: () => number): Emitter<T> {
  const standing = sublist<Standing<T>>()
  const routes = new Map<string, Route<T>>()
  // Most emit to one topic many times in a row, and comparing with it costs less than any table.
  let last: Route<T> | undefined

  const changed = () => {
    last = undefined
    routes.clear()
  }
  const find = (topic: string): Route<T> => {
    const known = routes.get(topic)
    if (known !== undefined) return known
    const { plain, groups } = standing.match(topic)
    const only = plain.length === 1 && groups.length === 0 ? plain[0]?.listener : undefined
    const route = { topic, only, plain: plain.map(({ listener }) => listener), groups }
    if (routes.size >= maxRoutes) routes.clear()
    routes.set(topic, route)
    return route
  }

  return {
    listen(topic, listener, queue) {
      const one: Standing<T> = { subject: topic, queue, listener }
      standing.insert(one)
      changed()
      return () => {
        standing.remove(one)
        changed()
      }
    },
    emit(topic, value) {
      const route = last !== undefined && last.topic === topic ? last : (last = find(topic))
      if (route.only !== undefined) {
        route.only(topic, value)
        return 1
      }
      const { plain, groups } = route
      for (let index = 0; index < plain.length; index++) (plain[index] as EmitterListener<T>)(topic, value)
      for (let index = 0; index < groups.length; index++) {
        const group = groups[index] as readonly Standing<T>[]
        group[Math.floor(random() * group.length)]?.listener(topic, value)
      }
      return plain.length + groups.length
    },
  }
}
