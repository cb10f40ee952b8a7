import { MicroError } from '@microts/core/base'

/** What became of the attempt to reach one server. */
export interface ServerFailure {
  readonly url: string
  readonly cause: unknown
}

/** The failures that only this broker has, each made in one place. */
export const rabbitmqErrors = {
  /** An address that cannot mean a RabbitMQ server. `text`: without its password. */
  addressInvalid: (text: string, why: string) =>
    new MicroError('invalid_argument', `Cannot read the RabbitMQ address ${JSON.stringify(text)}: ${why}`, {
      reason: 'ADDRESS_INVALID',
      hint: 'Write amqp://host:port, or several with a comma between them; amqp://user:password@host:port/vhost to log in.',
      details: { address: text },
    }),

  /** None of the servers answers; `failures` in the order in which they were tried. */
  unavailable: (failures: readonly ServerFailure[]) =>
    new MicroError(
      'unavailable',
      `Cannot reach a RabbitMQ server: ${failures.map(({ url, cause }) => `${messageOf(cause)} (${url})`).join('; ')}`,
      {
        reason: 'BROKER_UNAVAILABLE',
        hint: 'Start one (`bus: { type: rabbitmq }` in micro.yml, or `docker run -p 5672:5672 rabbitmq`), or correct the address (MICRO_BROKER_ADDRESS).',
        details: { servers: failures.map(({ url }) => url) },
        cause: failures[0]?.cause,
      },
    ),

  /** What was asked of the server has not happened in time, since the server is gone. */
  gone: (url: string, what: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot ${what}: the RabbitMQ server at ${url} is out of reach (${messageOf(cause)})`, {
      reason: 'BROKER_UNAVAILABLE',
      hint: 'It is tried again all the time. Start the server, or look at the network between.',
      details: { servers: [url] },
      cause,
    }),

  /** Something else has that port. */
  notRabbitmq: (url: string, greeting: string) =>
    new MicroError('failed_precondition', `Cannot use ${url} as a RabbitMQ server: what answers there says ${JSON.stringify(greeting)}`, {
      reason: 'NOT_A_RABBITMQ_SERVER',
      hint: 'Correct the address (MICRO_BROKER_ADDRESS). A RabbitMQ server has port 5672 by habit for clients (AMQP 0-9-1), and 15672 for its web pages.',
      details: { url, greeting },
    }),

  /** One side wants TLS and the other does not, or the certificate is not trusted. */
  tls: (url: string, why: string, cause?: unknown) =>
    new MicroError('failed_precondition', `Cannot use TLS with the RabbitMQ server at ${url} as asked: ${why}`, {
      reason: 'RABBITMQ_TLS',
      hint: 'Write amqps:// for a port with TLS (5671 by habit) and amqp:// for one without, and set `caFile` to the certificate that signed the one of the server.',
      details: { url },
      cause,
    }),

  /** The server knows nobody by these credentials. */
  notAuthorized: (url: string, user: string, cause: unknown) =>
    new MicroError('unauthenticated', `Cannot log in to the RabbitMQ server at ${url} as "${user}": it answers "${messageOf(cause)}"`, {
      reason: 'RABBITMQ_AUTHORIZATION',
      hint: 'Set the options `user` and `passwordEnv` to what the server expects. It lets `guest` in from its own machine only.',
      details: { url, user },
      cause,
    }),

  /** The server has no such virtual host, or this user may not be there. */
  vhost: (url: string, vhost: string, user: string, cause: unknown) =>
    new MicroError(
      'permission_denied',
      `Cannot use the virtual host "${vhost}" of the RabbitMQ server at ${url}: it answers "${messageOf(cause)}"`,
      {
        reason: 'RABBITMQ_VHOST',
        hint: `On the server: \`rabbitmqctl add_vhost ${vhost}\` and \`rabbitmqctl set_permissions -p ${vhost} ${user} ".*" ".*" ".*"\`; or set the option \`vhost\`.`,
        details: { url, vhost, user },
        cause,
      },
    ),

  /** The server lets this user in, and forbids this to it. */
  notPermitted: (url: string, what: string, cause: unknown) =>
    new MicroError('permission_denied', `Cannot ${what}: the RabbitMQ server at ${url} answers "${messageOf(cause)}"`, {
      reason: 'RABBITMQ_PERMISSION',
      hint: 'Allow it with `rabbitmqctl set_permissions`, or log in as another user.',
      details: { url },
      cause,
    }),

  /** An exchange or a queue of that name is there, and is another than the one that is wanted. */
  mismatch: (url: string, what: string, cause: unknown) =>
    new MicroError('failed_precondition', `Cannot ${what}: the RabbitMQ server at ${url} answers "${messageOf(cause)}"`, {
      reason: 'RABBITMQ_MISMATCH',
      hint: 'Set the options `exchange` and `durableExchange` to what is there, or delete the other one when nobody needs it.',
      details: { url },
      cause,
    }),

  /** Options that cannot mean anything. */
  loginUnclear: (why: string) =>
    new MicroError('invalid_argument', `Cannot log in to RabbitMQ: ${why}`, {
      reason: 'LOGIN_UNCLEAR',
      hint: 'Give `user` with `passwordEnv` (or `password`), and only one of these.',
    }),

  /** An option points to an environment variable that this process does not have. */
  variableMissing: (variable: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot log in to RabbitMQ: "passwordEnv" names the environment variable ${variable}, which is not set`,
      {
        reason: 'SECRET_MISSING',
        hint: `Set ${variable} in the environment of the service.`,
        details: { option: 'passwordEnv', variable },
      },
    ),

  /** More waits for the server than may. */
  bufferFull: (waitingBytes: number, maxBytes: number, isConnected: boolean) => {
    const why = isConnected ? 'the RabbitMQ server takes messages too slowly' : 'the RabbitMQ server is out of reach'
    return new MicroError('resource_exhausted', `Cannot publish: ${why}, ${waitingBytes} bytes wait already and at most ${maxBytes} may`, {
      reason: 'PUBLISH_BUFFER_FULL',
      hint: isConnected ? 'Await each publish before the next.' : 'Publish again when the server is back.',
      details: { waitingBytes, maxBytes },
    })
  },

  /** The header alone is more than one AMQP frame holds. */
  headerTooLarge: (topic: string, bytes: number, maxBytes: number) =>
    new MicroError(
      'resource_exhausted',
      `Cannot publish to "${topic}": its header has ${bytes} bytes as AMQP headers, and at most ${maxBytes} are carried`,
      {
        reason: 'MESSAGE_TOO_LARGE',
        hint: "Put the data into the body, or raise the server's `frame_max`.",
        details: { topic, bytes, maxBytes },
      },
    ),

  /** The server has not taken a message, and says no more than that. */
  notTaken: (url: string, topic: string, cause: unknown) =>
    new MicroError(
      'unavailable',
      `Cannot publish to "${topic}": the RabbitMQ server at ${url} has not taken the message (${messageOf(cause)})`,
      {
        reason: 'PUBLISH_NOT_CONFIRMED',
        hint: 'Publish it again. A queue may be full or its host away: the log of the server says more.',
        details: { topic, url },
        cause,
      },
    ),

  /** A handler has failed at a message as often as it may. */
  givenUp: (topic: string, attempts: number, cause: unknown) =>
    new MicroError('aborted', `Gave up a message to "${topic}" after ${attempts} attempts: ${messageOf(cause)}`, {
      reason: 'MESSAGE_GIVEN_UP',
      hint: 'Mend the handler. A durable subscription keeps the message in its queue of dead letters, whose name ends in ":dead".',
      details: { topic, attempts },
      cause,
    }),
}

/** What a failure says, in one line. */
export function messageOf(cause: unknown): string {
  // Node tries all addresses of a name, and gathers what became of them.
  if (cause instanceof AggregateError && cause.errors.length > 0) return messageOf(cause.errors[0])
  if (!(cause instanceof Error)) return String(cause)
  // The library names the method that failed even where there is none.
  return cause.message.replace(/^(?:undefined|ConnectionClose): /, '')
}
