import { MicroError } from '../base/index.js'

/** The failures of the NATS server and client, each made in one place. */
export const natsErrors = {
  /** A server that everybody could reach and use. */
  publicWithoutAuthentication: (host: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot listen on "${host}": it can be reached from other machines, and nobody would have to log in`,
      {
        reason: 'PUBLIC_WITHOUT_AUTHENTICATION',
        hint: 'Listen on 127.0.0.1, or set `users` or `token`.',
        details: { host },
      },
    ),

  /** A user's permission that names no subject: ignored, it would allow or deny something else than was meant. */
  permissionInvalid: (user: string, entry: string) =>
    new MicroError(
      'invalid_argument',
      `Cannot use the permission ${JSON.stringify(entry.slice(0, 100))} of the user "${user}": it is no subject`,
      {
        reason: 'PERMISSION_INVALID',
        hint: 'Write a subject, as in `orders.*`; for one queue group alone, under `subscribe`, the group after it: `orders.* workers`.',
        details: { user },
      },
    ),

  /** A user that could not log in as meant. */
  userInvalid: (user: string, why: string) =>
    new MicroError('invalid_argument', `Cannot use the NATS user "${user}": ${why}`, {
      reason: 'NATS_USER_INVALID',
      hint: 'Give every user a name of its own and a password, in plain text.',
      details: { user },
    }),

  /** A key or certificate that cannot be used. */
  tlsInvalid: (cause: unknown) =>
    new MicroError('invalid_argument', `Cannot use the key and certificate of the NATS server: ${text(cause)}`, {
      reason: 'NATS_TLS_INVALID',
      hint: 'Give `key` and `cert` in PEM, as they belong together.',
      cause,
    }),

  /** Somebody else listens there. */
  portTaken: (host: string, port: number, cause: unknown) =>
    new MicroError('unavailable', `Cannot listen on ${host}:${port}: the port is taken`, {
      reason: 'PORT_TAKEN',
      hint: `Choose another port, 0 for any free one, or stop the program that has it: \`ss -ltnp sport = :${port}\` shows it.`,
      details: { host, port },
      cause,
    }),

  /** The system refuses to listen there. */
  listenFailed: (host: string, port: number, cause: unknown) =>
    new MicroError('unavailable', `Cannot listen on ${host}:${port}: ${text(cause)}`, {
      reason: 'LISTEN_FAILED',
      hint: 'Choose an address of this machine, and a port of 1024 or more.',
      details: { host, port },
      cause,
    }),

  /** An address that is none. */
  addressInvalid: (address: string, why: string) =>
    new MicroError('invalid_argument', `Cannot read the NATS address "${address}": ${why}`, {
      reason: 'ADDRESS_INVALID',
      hint: 'Write nats://host:port, or several with a comma between them; nats://user:password@host:port to log in.',
      details: { address },
    }),

  /** Nobody speaks NATS there, or not in time. */
  unreachable: (urls: readonly string[], cause: unknown) =>
    new MicroError('unavailable', `Cannot reach a NATS server at ${urls.join(', ')}: ${text(cause)}`, {
      reason: 'NATS_UNREACHABLE',
      hint: 'Start the server, or correct the address.',
      details: { urls },
      cause,
    }),

  /** The server does not let this client in. */
  notAuthorized: (url: string, answer: string) =>
    new MicroError('unauthenticated', `Cannot log in to the NATS server at ${url}: it answers "${answer}"`, {
      reason: 'NATS_AUTHORIZATION',
      hint: 'Put user and password, or the token, into the address: nats://user:password@host:port.',
      details: { url, answer },
    }),

  /** The server sent what no NATS server sends, or -ERR. */
  serverSaid: (url: string, answer: string) =>
    new MicroError('unavailable', `Lost the NATS server at ${url}: it says "${answer}"`, {
      reason: 'NATS_ERROR',
      details: { url, answer },
    }),

  /** The server does not answer any more, while the connection still seems to stand. */
  silent: (url: string, silentMs: number) =>
    new MicroError('unavailable', `Lost the NATS server at ${url}: it has not answered for ${silentMs} ms`, {
      reason: 'NATS_SILENT',
      details: { url, silentMs },
    }),

  /** What the other side sent cannot be read. */
  unreadable: (url: string, fault: string) =>
    new MicroError('unavailable', `Lost the NATS server at ${url}: it sent what is not NATS (${fault})`, {
      reason: 'NATS_UNREADABLE',
      hint: 'Look at what listens there: it may be another kind of server.',
      details: { url, fault },
    }),

  /** The connection ended. */
  connectionLost: (url: string, cause?: unknown) =>
    new MicroError('unavailable', `Lost the NATS server at ${url}: ${cause === undefined ? 'it ended the connection' : text(cause)}`, {
      reason: 'NATS_CONNECTION_LOST',
      details: { url },
      cause,
    }),

  /** The server is about to stop, and another one takes over. */
  lameDuck: (url: string) =>
    new MicroError('unavailable', `Left the NATS server at ${url}: it is about to stop`, {
      reason: 'NATS_LAME_DUCK',
      details: { url },
    }),

  /** One side wants TLS and the other has none, or the certificate is not to be trusted. */
  tlsFailed: (url: string, why: string, cause?: unknown) =>
    new MicroError('failed_precondition', `Cannot use TLS with the NATS server at ${url}: ${why}`, {
      reason: 'NATS_TLS',
      hint: 'Write tls://host:port, and give the CA in `tls.ca` when it is one of your own.',
      details: { url },
      cause,
    }),

  /** Another server than the one that was looked for. */
  otherServer: (url: string, found: string, wanted: string) =>
    new MicroError('unavailable', `Cannot use the NATS server at ${url}: it is called "${found}", not "${wanted}"`, {
      reason: 'NATS_OTHER_SERVER',
      details: { url, found, wanted },
    }),

  /** The server's own rules forbid it. */
  notPermitted: (url: string, answer: string) =>
    new MicroError('permission_denied', `Cannot do that at the NATS server at ${url}: it answers "${answer}"`, {
      reason: 'NATS_PERMISSION',
      hint: "Allow the subject for this user in the server's permissions, or log in as another one.",
      details: { url, answer },
    }),

  /** Nobody has subscribed to what a request was sent to. */
  noResponders: (subject: string) =>
    new MicroError('unavailable', `Cannot get an answer from "${subject}": nobody listens to it`, {
      reason: 'NATS_NO_RESPONDERS',
      hint: 'Start what answers there, or correct the subject.',
      details: { subject },
    }),

  /** More requests at once than can be told apart. */
  tooManyRequests: (waiting: number) =>
    new MicroError('resource_exhausted', `Cannot send a request: ${waiting} wait for their answers already`, {
      reason: 'TOO_MANY_REQUESTS',
      hint: 'Wait for answers before you ask for more.',
      details: { waiting },
    }),

  /** Somebody else holds the place where the processes of a project meet. */
  placeNotOurs: (place: string, project: string) =>
    new MicroError('permission_denied', `Cannot use the broker of the project: ${place} is held by a process that is not this user's`, {
      reason: 'PLACE_NOT_OURS',
      hint: 'Run all services of a project as one user, or give each user a project of its own (MICRO_PROJECT), or name a server (MICRO_BROKER_ADDRESS).',
      details: { place, project },
    }),

  /** Whoever holds the place does not answer. */
  placeSilent: (place: string, cause: unknown) =>
    new MicroError(
      'unavailable',
      `Cannot find the broker of the project: the process that holds ${place} does not say where it is (${text(cause)})`,
      {
        reason: 'PLACE_SILENT',
        hint: 'It may have been stopped (SIGSTOP), or be ending; end it, or name a server (MICRO_BROKER_ADDRESS).',
        details: { place },
        cause,
      },
    ),

  /** The system does not let anybody hold it. */
  placeFailed: (place: string, cause: unknown) =>
    new MicroError('unavailable', `Cannot hold ${place}, where the processes of the project would meet: ${text(cause)}`, {
      reason: 'PLACE_FAILED',
      hint: 'Name a server (MICRO_BROKER_ADDRESS), or run the services with `micro run`.',
      details: { place },
      cause,
    }),

  /** No folder in which a secret of this user could lie. */
  keyFolderInvalid: (folders: readonly string[], cause: unknown) =>
    new MicroError('failed_precondition', `Cannot keep the broker's key in ${folders.join(' or ')}: ${text(cause)}`, {
      reason: 'KEY_FOLDER_INVALID',
      hint: 'Set XDG_RUNTIME_DIR to a folder that only this user can read, or name a server (MICRO_BROKER_ADDRESS).',
      details: { folders },
      cause,
    }),

  /** A subject, or a queue group, that the protocol cannot carry. */
  subjectInvalid: (subject: string, why: string) =>
    new MicroError('invalid_argument', `Cannot use the subject ${JSON.stringify(subject.slice(0, 100))}: ${why}`, {
      reason: 'SUBJECT_INVALID',
      hint: 'Use tokens without white space and with `.` between them; `*` and a last `>` are for subscriptions.',
    }),

  /** More than the server takes. */
  messageTooLarge: (bytes: number, maxBytes: number) =>
    new MicroError('resource_exhausted', `Cannot publish ${bytes} bytes: the server takes at most ${maxBytes}`, {
      reason: 'MESSAGE_TOO_LARGE',
      hint: 'Send less, or put the data into a store and send its key.',
      details: { bytes, maxBytes },
    }),

  /** The bounded buffer is full. */
  publishBufferFull: (waitingBytes: number, maxBytes: number, reconnecting: boolean) => {
    const why = reconnecting ? 'the server is out of reach' : 'the server takes them too slowly'
    return new MicroError('resource_exhausted', `Cannot publish: ${why}, ${waitingBytes} bytes wait already and at most ${maxBytes} may`, {
      reason: 'PUBLISH_BUFFER_FULL',
      hint: reconnecting ? 'Publish again when the server is back.' : 'Await each publish before the next.',
      details: { waitingBytes, maxBytes },
    })
  },
}

function text(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return text(cause.errors[0])
  return cause instanceof Error ? cause.message : String(cause)
}
