import { MicroError } from '@microts/core/base'

/** What became of the attempt to reach one server. */
export interface ServerFailure {
  readonly url: string
  readonly cause: unknown
}

/** The failures that only this broker has, each made in one place. */
export const natsBrokerErrors = {
  /** None of the servers answers; `failures` in the order in which they were tried. */
  unavailable: (failures: readonly ServerFailure[]) =>
    new MicroError(
      'unavailable',
      `Cannot reach a NATS server: ${failures.map(({ url, cause }) => `${messageOf(cause)} (${url})`).join('; ')}`,
      {
        reason: 'BROKER_UNAVAILABLE',
        hint: `Start one (\`${startCommand(failures[0]?.url)}\`, or \`bus: { type: nats }\` in micro.yml), or correct the address (MICRO_BROKER_ADDRESS).`,
        details: { servers: failures.map(({ url }) => url) },
        cause: failures[0]?.cause,
      },
    ),

  /** What was asked of the server has not happened in time, since the server is gone. */
  gone: (url: string, what: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot ${what}: the NATS server at ${url} is out of reach (${messageOf(cause)})`, {
      reason: 'BROKER_UNAVAILABLE',
      hint: 'It is tried again all the time. Start the server, or look at the network between.',
      details: { servers: [url] },
      cause,
    }),

  /** Something else has that port. */
  notNats: (url: string, greeting: string) =>
    new MicroError('failed_precondition', `Cannot use ${url} as a NATS server: what answers there says ${JSON.stringify(greeting)}`, {
      reason: 'NOT_A_NATS_SERVER',
      hint: 'Correct the address (MICRO_BROKER_ADDRESS). A NATS server has port 4222 by habit for clients, and 8222 for its web pages.',
      details: { url, greeting },
    }),

  /** One side wants TLS and the other does not, or the certificate is not trusted. */
  tls: (url: string, why: string, cause?: unknown) =>
    new MicroError('failed_precondition', `Cannot use TLS with the NATS server at ${url} as asked: ${why}`, {
      reason: 'NATS_TLS',
      hint: 'Set the option `tls` to what the server has, and `caFile` to the certificate that signed the one of the server.',
      details: { url },
      cause,
    }),

  /** The server knows nobody by these credentials. */
  notAuthorized: (url: string, user: string | undefined, cause: unknown) =>
    new MicroError(
      'unauthenticated',
      `Cannot log in to the NATS server at ${url}${user === undefined ? '' : ` as "${user}"`}: it answers "${messageOf(cause)}"`,
      {
        reason: 'NATS_AUTHORIZATION',
        hint: 'Set the options `user` and `passwordEnv`, or `tokenEnv`, to what the server expects.',
        details: { url, ...(user === undefined ? {} : { user }) },
        cause,
      },
    ),

  /** The server lets this user in, and forbids this to it. */
  notPermitted: (url: string, what: string, cause: unknown) =>
    new MicroError('permission_denied', `Cannot ${what}: the NATS server at ${url} answers "${messageOf(cause)}"`, {
      reason: 'NATS_PERMISSION',
      hint: "Allow the subject in the server's `permissions` of this user, or log in as another one.",
      details: { url },
      cause,
    }),

  /** Options that cannot mean anything. */
  loginUnclear: (why: string) =>
    new MicroError('invalid_argument', `Cannot log in to NATS: ${why}`, {
      reason: 'LOGIN_UNCLEAR',
      hint: 'Give `user` with `passwordEnv` (or `password`), or `tokenEnv` (or `token`), and only one of them.',
    }),

  /** An option points to an environment variable that this process does not have. */
  variableMissing: (option: string, variable: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot log in to NATS: "${option}" names the environment variable ${variable}, which is not set`,
      {
        reason: 'SECRET_MISSING',
        hint: `Set ${variable} in the environment of the service.`,
        details: { option, variable },
      },
    ),

  /** More waits for the server than may. */
  bufferFull: (waitingBytes: number, maxBytes: number, isConnected: boolean) => {
    const why = isConnected ? 'the NATS server takes messages too slowly' : 'the NATS server is out of reach'
    return new MicroError('resource_exhausted', `Cannot publish: ${why}, ${waitingBytes} bytes wait already and at most ${maxBytes} may`, {
      reason: 'PUBLISH_BUFFER_FULL',
      hint: isConnected ? 'Await each publish before the next.' : 'Publish again when the server is back.',
      details: { waitingBytes, maxBytes },
    })
  },
}

/** What a failure says, in one line. */
export function messageOf(cause: unknown): string {
  // Node tries all addresses of a name, and gathers what became of them.
  if (cause instanceof AggregateError && cause.errors.length > 0) return messageOf(cause.errors[0])
  return cause instanceof Error ? cause.message : String(cause)
}

/** How to start a server at `url`, when that is on this machine. */
function startCommand(url: string | undefined): string {
  const port = /^nats:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)$/.exec(url ?? '')?.[1]
  return port === undefined ? 'nats-server' : `nats-server -a 127.0.0.1 -p ${port}`
}
