import { MicroError } from '@microts/core/base'

/** The name of one of the catcher's two listeners. */
export type PortName = 'smtp' | 'http'

/** The failures of the mail catcher, each made in one place. */
export const mailErrors = {
  portTaken: (name: PortName, host: string, port: number, cause: unknown) =>
    new MicroError('unavailable', `Cannot listen for ${name} on ${host}:${port}: another process has that port`, {
      reason: 'PORT_TAKEN',
      hint: `\`ss -ltnp 'sport = :${port}'\` shows who has it. Set MICRO_PORT_${name.toUpperCase()} to another port, or to 0 for any free one.`,
      details: { name, host, port },
      cause,
    }),

  portNotPermitted: (name: PortName, host: string, port: number, cause: unknown) =>
    new MicroError('permission_denied', `Cannot listen for ${name} on ${host}:${port}: the system does not let this user have that port`, {
      reason: 'PORT_NOT_PERMITTED',
      hint: `Set MICRO_PORT_${name.toUpperCase()} to a port above 1023, or to 0 for any free one.`,
      details: { name, host, port },
      cause,
    }),

  hostNotAvailable: (name: PortName, host: string, cause: unknown) =>
    new MicroError('invalid_argument', `Cannot listen for ${name} on "${host}": it is no address of this machine`, {
      reason: 'HOST_NOT_AVAILABLE',
      hint: 'Set MICRO_HOST to 127.0.0.1, or to one of the addresses that `ip -brief address` shows.',
      details: { name, host },
      cause,
    }),

  invalidSetting: (name: string, found: string, wanted: string) =>
    new MicroError('invalid_argument', `Cannot start the mail catcher: ${name} is "${found}", wanted ${wanted}`, {
      reason: 'INVALID_SETTING',
      hint: `Set ${name} to ${wanted}, or leave it out.`,
      details: { name, found },
    }),

  messageNotFound: (id: string) =>
    new MicroError('not_found', `Cannot find the message "${id}": it was never received, was deleted, or gave way to newer mail`, {
      reason: 'MESSAGE_NOT_FOUND',
      hint: 'GET /api/v2/messages lists the messages that are kept.',
      details: { id },
    }),

  partNotFound: (id: string, part: string, parts: number) =>
    new MicroError('not_found', `Cannot find part "${part}" of the message "${id}": it has ${parts} parts, counted from 0`, {
      reason: 'PART_NOT_FOUND',
      details: { id, part, parts },
    }),

  noHtml: (id: string) =>
    new MicroError('not_found', `Cannot show the message "${id}" as HTML: it has no HTML part`, { reason: 'NO_HTML', details: { id } }),

  unreadable: (id: string, cause: unknown) =>
    new MicroError('invalid_argument', `Cannot read the message "${id}": ${cause instanceof Error ? cause.message : String(cause)}`, {
      reason: 'MESSAGE_UNREADABLE',
      hint: `GET /api/v1/messages/${encodeURIComponent(id)}/download gives its bytes as they were received.`,
      details: { id },
      cause,
    }),

  invalidQuery: (name: string, found: string, wanted: string) =>
    new MicroError('invalid_argument', `Cannot search: "${name}" is "${found}", wanted ${wanted}`, {
      reason: 'INVALID_QUERY',
      hint: 'For example /api/v2/search?kind=to&query=alice@example.com',
      details: { name, found },
    }),

  invalidUrl: (url: string) =>
    new MicroError('invalid_argument', `Cannot serve "${url}": it is not a valid path`, { reason: 'INVALID_URL', details: { url } }),

  routeNotFound: (method: string, path: string) =>
    new MicroError('not_found', `Cannot ${method} "${path}": there is no such route`, {
      reason: 'ROUTE_NOT_FOUND',
      hint: 'The page is at /, the messages are at /api/v2/messages.',
      details: { method, path },
    }),

  methodNotAllowed: (method: string, path: string, allowed: readonly string[]) =>
    new MicroError('unimplemented', `Cannot ${method} "${path}": it takes ${allowed.join(', ')}`, {
      reason: 'METHOD_NOT_ALLOWED',
      details: { method, path, allowed },
    }),

  notSupported: (what: string) =>
    new MicroError('unimplemented', `Cannot serve ${what}: the embedded mail catcher does not have it`, {
      reason: 'NOT_SUPPORTED',
      hint: 'Run MailHog itself for it: write `driver: native` or `driver: docker` for this service in micro.yml.',
      details: { what },
    }),

  hostRefused: (host: string) =>
    new MicroError(
      'permission_denied',
      `Refused a request for the host "${host}": only names of this machine are served, so that no web site can read the mail by a name that it points here`,
      {
        reason: 'HOST_REFUSED',
        hint: 'Open the page as http://localhost or http://127.0.0.1, with its port.',
        details: { host },
      },
    ),

  originRefused: (origin: string) =>
    new MicroError(
      'permission_denied',
      `Refused a change that a page of "${origin}" asked for: only the catcher's own page may change mail`,
      {
        reason: 'ORIGIN_REFUSED',
        hint: 'Send the request without an Origin header, from a program instead of a web page.',
        details: { origin },
      },
    ),

  internal: (cause: unknown) => new MicroError('internal', 'Cannot answer: the mail catcher failed', { reason: 'INTERNAL', cause }),
}
