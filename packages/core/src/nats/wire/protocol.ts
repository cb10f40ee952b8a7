/** Port that NATS clients try when an address names none. */
export const defaultPort = 4222

/** The longest arguments of one protocol line, as nats-server has it: 4 KiB. */
export const defaultMaxControlLineBytes = 4096

/**
 * The largest payload, headers included: 2 MiB. nats-server allows 1 MiB; a message of 1 MiB as go-micro's envelope (base64 in JSON) needs a third more.
 * Clients read the limit from INFO.
 */
export const defaultMaxPayloadBytes = 2 * 1024 * 1024

/** What may wait for one connection before it is a slow consumer: half of nats-server's 64 MiB, since all connections share this one heap. */
export const defaultMaxPendingBytes = 32 * 1024 * 1024

/** How long a publisher pauses for those who do not keep up. As long as nats-server 2.10: enough to help them, too short to be a lever against others. */
export const stallMs = 5

/** The version of nats-server whose client protocol is spoken here: clients decide by it what they may use. */
export const protocolVersion = '2.9.10'

/** What a server says of itself, under the names of the wire. Fields that are not listed are kept. */
export interface NatsInfo {
  readonly server_id: string
  readonly server_name: string
  readonly version: string
  readonly proto: number
  readonly host: string
  readonly port: number
  /** Whether HPUB and HMSG are spoken. */
  readonly headers: boolean
  /** The largest payload, headers included, in bytes. */
  readonly max_payload: number
  readonly auth_required?: boolean
  /** The client has to begin TLS after INFO. */
  readonly tls_required?: boolean
  /** And to show a certificate. */
  readonly tls_verify?: boolean
  /** TLS is offered to those who want it. */
  readonly tls_available?: boolean
  /** Lame duck: it is about to stop, and clients had better leave. */
  readonly ldm?: boolean
  /** `host:port` of the servers of its cluster, itself among them. */
  readonly connect_urls?: readonly string[]
  readonly client_id?: number
  readonly client_ip?: string
}

/** What a client says of itself in CONNECT, under the names of the wire. */
export interface NatsConnect {
  /** `+OK` after each accepted line. A client that says nothing gets it, as with nats-server. */
  readonly verbose?: boolean
  /** Subjects of PUB are checked too. */
  readonly pedantic?: boolean
  /** Whether a connection gets what it publishes itself. */
  readonly echo?: boolean
  readonly headers?: boolean
  /** A publish with a reply subject that reaches nobody is answered with status 503. Needs `headers`. */
  readonly no_responders?: boolean
  readonly protocol?: number
  readonly name?: string
  readonly lang?: string
  readonly version?: string
  readonly user?: string
  readonly pass?: string
  readonly auth_token?: string
}

/** The texts of `-ERR`, letter for letter as nats-server 2.9 sends them: clients compare them. Those about a subject are made by {@link violation}. */
export const errorTexts = {
  unknownOperation: 'Unknown Protocol Operation',
  controlLine: 'maximum control line exceeded',
  maxPayload: 'Maximum Payload Violation',
  maxConnections: 'maximum connections exceeded',
  authorization: 'Authorization Violation',
  authenticationTimeout: 'Authentication Timeout',
  invalidSubject: 'Invalid Subject',
  invalidPublishSubject: 'Invalid Publish Subject',
  invalidClientProtocol: 'invalid client protocol',
  noRespondersNeedHeaders: 'no responders requires headers support',
  slowConsumer: 'Slow Consumer',
  staleConnection: 'Stale Connection',
  maxSubscriptions: 'maximum subscriptions exceeded',
} as const

/** The texts of `-ERR` for what a user may not do, letter for letter too. */
export const violation = {
  publish: (subject: string) => `Permissions Violation for Publish to ${quoted(subject)}`,
  subscribe: (subject: string, queue: string | undefined) =>
    `Permissions Violation for Subscription to ${quoted(subject)}${queue === undefined ? '' : ` using queue ${quoted(queue)}`}`,
}

// As Go quotes: what would end the quotes or the line, or upset a terminal where a log is shown, is escaped.
const quoted = (text: string) => `"${Array.from(text, escaped).join('')}"`

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  const code = character.charCodeAt(0)
  return code < 32 || code === 127 ? `\\x${code.toString(16).padStart(2, '0')}` : character
}
