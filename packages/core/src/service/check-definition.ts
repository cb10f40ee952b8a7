import type { ServiceOptions } from './definition.js'
import { serviceErrors } from './errors.js'

/**
 * Refuses a definition that no caller could use.
 *
 * @throws `invalid_argument`: SERVICE_NAME_INVALID, ENDPOINT_NAME_INVALID, ENDPOINT_NAME_TAKEN
 */
export function checkDefinition({ name, endpoints = {} }: Pick<ServiceOptions, 'name' | 'endpoints'>): void {
  // Parts between dots, since it is a queue's name and an address as well.
  if (name.length > 63 || !/^[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*$/.test(name)) throw serviceErrors.nameInvalid(name)
  const seen = new Map<string, string>()
  for (const endpoint of Object.keys(endpoints)) {
    if (!/^[A-Za-z][A-Za-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*$/.test(endpoint)) throw serviceErrors.endpointNameInvalid(name, endpoint)
    const asCalled = endpoint.replace(/(?:^|\.)[A-Z]/g, (first) => first.toLowerCase())
    const other = seen.get(asCalled)
    if (other !== undefined) throw serviceErrors.endpointTwice(name, endpoint, other)
    seen.set(asCalled, endpoint)
  }
}
