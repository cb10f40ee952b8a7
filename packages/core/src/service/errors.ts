import { MicroError } from '../base/index.js'

/** What can go wrong about a service itself. */
export const serviceErrors = {
  nameInvalid: (name: string) =>
    new MicroError(
      'invalid_argument',
      `Cannot create service "${name}": its name is not at most 63 of a-z, 0-9 and "-" beginning with a letter, in parts with "." between them`,
      {
        reason: 'SERVICE_NAME_INVALID',
        hint: 'Choose a name like "orders" or "shop.orders".',
      },
    ),

  endpointNameInvalid: (service: string, name: string) =>
    new MicroError('invalid_argument', `Cannot create service "${service}": endpoint "${name}" is not of the form Handler.Method`, {
      reason: 'ENDPOINT_NAME_INVALID',
      hint: 'Two words of letters and digits with one dot between them, as in "Orders.Place".',
    }),

  endpointTwice: (service: string, name: string, other: string) =>
    new MicroError('invalid_argument', `Cannot create service "${service}": callers cannot tell endpoint "${name}" from "${other}"`, {
      reason: 'ENDPOINT_NAME_TAKEN',
      hint: 'The first letter of each part may be written small or capital by a caller. Name one of the two otherwise.',
    }),

  environmentInvalid: (variable: string, found: string, wanted: string) =>
    new MicroError('invalid_argument', `Cannot start the service: ${variable} is "${found}", wanted ${wanted}`, {
      reason: 'ENVIRONMENT_INVALID',
      hint: `Set ${variable} to ${wanted}, or unset it.`,
    }),

  publicWithoutAuth: (address: string, auth: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot listen on ${address}: the address is reachable from outside, and auth "${auth}" lets everyone in`,
      {
        reason: 'PUBLIC_WITHOUT_AUTH',
        hint: 'Choose an auth (MICRO_AUTH=memory or a plugin), listen on 127.0.0.1, or say that a proxy does the checking with MICRO_INSECURE=1.',
      },
    ),

  documentInvalid: (key: string, cause: unknown) =>
    new MicroError('data_loss', `Cannot read the value of "${key}": ${cause instanceof Error ? cause.message : String(cause)}`, {
      reason: 'DOCUMENT_INVALID',
      hint: 'Something else has written that key, or the schema has changed since. Read it as bytes (store.bytes.get), then put it anew or delete it.',
      cause,
    }),
}
