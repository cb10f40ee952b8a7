import type { Account, Resource, Rule } from './auth.js'

/** The longest endpoint that a rule can fit. What comes from outside is compared with one pattern for each of its separators, so it has to end. */
export const maxEndpointLength = 1024

/**
 * Every way in which a rule can be written so that it fits: for each of its four words (type, name, endpoint, scope) those that are possible.
 * Undefined when no rule fits, whatever it says.
 */
export function wordsThatFit(account: Account | undefined, resource: Resource): readonly (readonly string[])[] | undefined {
  const endpoints = endpointsThatFit(resource.endpoint)
  if (endpoints === undefined) return undefined
  const scopes = account === undefined ? [''] : ['', '*', ...account.scopes]
  return [[resource.type, '*'], [resource.name, '*'], endpoints, scopes]
}

/** For `/a/b.c`: itself, `*`, `/*`, `/a/*` and `/a/b.*`. */
function endpointsThatFit(endpoint: string): readonly string[] | undefined {
  if (endpoint.length > maxEndpointLength || /(^|\/)\.\.?(\/|$)/.test(endpoint)) return undefined
  const fitting = [endpoint, '*']
  for (let index = 0; index < endpoint.length - 1; index++)
    if (endpoint[index] === '/' || endpoint[index] === '.') fitting.push(`${endpoint.slice(0, index + 1)}*`)
  return fitting
}

/** Sorts rules as they are tried. Which one decides does not depend on when each was granted. */
export function inOrderOfTrial(a: Rule, b: Rule): number {
  const byPriority = (b.priority ?? 0) - (a.priority ?? 0)
  if (byPriority !== 0) return byPriority
  if (a.access !== b.access) return a.access === 'denied' ? -1 : 1
  if (a.id === b.id) return 0
  return a.id < b.id ? -1 : 1
}
