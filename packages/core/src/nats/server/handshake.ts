import { createHash, timingSafeEqual } from 'node:crypto'
import { errorTexts, type NatsConnect } from '../wire/protocol.js'

/** Who may log in. */
export interface NatsUser {
  readonly user: string
  readonly password: string
}

/** What a server asks of those who connect; with nothing in it everybody is let in. */
export interface Credentials {
  readonly users?: readonly NatsUser[] | undefined
  readonly token?: string | undefined
}

/** What a connection has agreed upon. Before CONNECT it is what nats-server assumes. */
export interface Agreement {
  readonly verbose: boolean
  readonly pedantic: boolean
  readonly echo: boolean
  readonly headers: boolean
  readonly noResponders: boolean
  readonly name: string | undefined
}

/** Before CONNECT. */
export const firstAgreement: Agreement = { verbose: true, pedantic: true, echo: true, headers: false, noResponders: false, name: undefined }

/** Whether there is anything to log in with. */
export function asksForLogin(credentials: Credentials): boolean {
  return credentials.token !== undefined || (credentials.users?.length ?? 0) > 0
}

/**
 * Reads the argument of CONNECT: the new agreement, or why the connection ends (`text` undefined: without a word, as nats-server does for what it cannot read).
 */
export function readConnect(
  json: string,
  before: Agreement,
  credentials: Credentials,
): { readonly agreement: Agreement } | { readonly refused: true; readonly text: string | undefined } {
  const connect = parseConnect(json)
  if (connect === undefined) return { refused: true, text: undefined }
  if (!isAuthorized(connect, credentials)) return { refused: true, text: errorTexts.authorization }
  if ((connect.protocol ?? 0) > 1 || (connect.protocol ?? 0) < 0) return { refused: true, text: errorTexts.invalidClientProtocol }
  const agreement: Agreement = {
    verbose: connect.verbose ?? before.verbose,
    pedantic: connect.pedantic ?? before.pedantic,
    echo: connect.echo ?? before.echo,
    headers: connect.headers ?? before.headers,
    noResponders: connect.no_responders ?? before.noResponders,
    name: connect.name,
  }
  return agreement.noResponders && !agreement.headers ? { refused: true, text: errorTexts.noRespondersNeedHeaders } : { agreement }
}

const kinds = {
  verbose: 'boolean',
  pedantic: 'boolean',
  echo: 'boolean',
  headers: 'boolean',
  no_responders: 'boolean',
  protocol: 'number',
  name: 'string',
  lang: 'string',
  version: 'string',
  user: 'string',
  pass: 'string',
  auth_token: 'string',
} as const satisfies Record<keyof NatsConnect, string>

function parseConnect(json: string): NatsConnect | undefined {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    // What is not JSON is answered like JSON of the wrong shape: undefined.
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const connect: Record<string, unknown> = {}
  for (const [key, kind] of Object.entries(kinds)) {
    const field: unknown = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : null
    if (field === null) continue
    if (typeof field !== kind) return undefined
    connect[key] = field
  }
  return connect
}

function isAuthorized(connect: NatsConnect, { users = [], token }: Credentials): boolean {
  if (token === undefined && users.length === 0) return true
  // Every comparison is made, whatever the one before said, so that the time tells nothing.
  let authorized = token !== undefined && isEqual(connect.auth_token ?? '', token)
  for (const { user, password } of users) {
    const sameUser = isEqual(connect.user ?? '', user)
    const samePassword = isEqual(connect.pass ?? '', password)
    authorized = (sameUser && samePassword) || authorized
  }
  return authorized
}

const isEqual = (a: string, b: string) => timingSafeEqual(digest(a), digest(b))
const digest = (text: string) => createHash('sha256').update(text).digest()
