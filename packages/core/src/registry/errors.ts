import { MicroError } from '../base/index.js'

/** The failures of registries, each made in one place. */
export const registryErrors = {
  /** A name, id or address that cannot be registered or looked up. `what`: `the name of a service`; `wanted`: the rule. */
  serviceInvalid: (what: string, found: unknown, wanted: string) =>
    new MicroError('invalid_argument', `Cannot use ${JSON.stringify(found) ?? 'undefined'} as ${what}: it must be ${wanted}`, {
      reason: 'SERVICE_INVALID',
      hint: `Give ${what} as ${wanted}.`,
      details: { found, wanted },
    }),

  /** A registration that does not fit into one datagram. */
  serviceTooLarge: (service: string, bytes: number, maxBytes: number) =>
    new MicroError('invalid_argument', `Cannot announce "${service}": it takes ${bytes} bytes, and a datagram holds ${maxBytes}`, {
      reason: 'SERVICE_INVALID',
      hint: 'Put less into the metadata, or choose a registry with a server (`registry: etcd`).',
      details: { bytes, maxBytes },
    }),

  /** The registry, or what it stores into, is out of reach. Worth a retry. */
  unavailable: (what: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      reason: 'REGISTRY_UNAVAILABLE',
      hint: 'Try again; `micro doctor` shows what the registry needs.',
      cause,
    }),

  /** Text that should be a service in go-micro's JSON. */
  serviceCorrupt: (why: string, cause?: unknown) =>
    new MicroError('data_loss', `Cannot read a service from its JSON: ${why}`, {
      reason: 'SERVICE_CORRUPT',
      hint: 'Register the service again; what is stored for it was not written by a registry.',
      cause,
    }),
}
