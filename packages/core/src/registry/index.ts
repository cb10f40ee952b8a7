/** Which nodes run which service: the contract, a registry in the process, and one by multicast DNS. */
export * from './registry.js'
export * from './memory.js'
export * from './mdns.js'
export * from './errors.js'
export * from './validate.js'
export {
  decodeEvent,
  decodeResult,
  decodeService,
  encodeEndpoint,
  encodeEvent,
  encodeResult,
  encodeService,
  type ServiceEvent,
  type ServiceResult,
} from './json.js'
