import { createHash, timingSafeEqual } from 'node:crypto'
import { natsErrors } from '../errors.js'
import { errorTexts, type NatsConnect } from '../wire/protocol.js'
import { permit, type NatsPermissions, type Permit } from './permissions.js'

/** Who may log in. */
export interface NatsUser {
  readonly user: string
  readonly password: string
  /** @default everything is allowed */
  readonly permissions?: NatsPermissions
}

/** Somebody who has logged in. */
export interface Login {
  /** Undefined for the token, and where nobody has to log in. */
  readonly user: string | undefined
  /** Undefined when everything is allowed. */
  readonly permit: Permit | undefined
}

/** What a server asks of those who connect. */
export interface Credentials {
  /** Whether there is anything to log in with; otherwise everybody is let in. */
  readonly isAsked: boolean
  /** Who it is, or undefined when nobody who may log in. */
  login(connect: NatsConnect): Login | undefined
}

/** What a connection has agreed upon. Before CONNECT it is what nats-server assumes. */
export interface Agreement {
  readonly verbose: boolean
  readonly pedantic: boolean
  readonly echo: boolean
  readonly headers: boolean
  readonly noResponders: boolean
  /** 1: INFO may come at any time. */
  readonly protocol: number
  readonly name: string | undefined
  readonly lang: string | undefined
  readonly version: string | undefined
}

/** Before CONNECT. */
export const firstAgreement: Agreement = {
  verbose: true,
  pedantic: true,
  echo: true,
  headers: false,
  noResponders: false,
  protocol: 0,
  name: undefined,
  lang: undefined,
  version: undefined,
}

/** Nobody in particular, who may do everything. */
export const anybody: Login = { user: undefined, permit: undefined }

// bcrypt, as nats-server takes it: compared as plain text, the hash itself would be the password.
const hash = /^\$2[abxy]\$\d\d\$/

/**
 * Makes {@link Credentials} of what a server was given.
 *
 * @throws `invalid_argument`/`NATS_USER_INVALID`, `invalid_argument`/`PERMISSION_INVALID`
 */
export function credentials(users: readonly NatsUser[], token: string | undefined): Credentials {
  const names = new Set<string>()
  const known = users.map(({ user, password, permissions }) => {
    if (user === '' || password === '') throw natsErrors.userInvalid(user, 'its name or its password is empty')
    if (names.has(user)) throw natsErrors.userInvalid(user, 'it is listed twice')
    if (hash.test(password)) throw natsErrors.userInvalid(user, 'its password is a bcrypt hash')
    names.add(user)
    const login: Login = { user, permit: permissions === undefined ? undefined : permit(permissions, user) }
    return { login, user: digest(user), password: digest(password) }
  })
  if (token === '') throw natsErrors.userInvalid('(token)', 'the token is empty')
  const secret = token === undefined ? undefined : digest(token)
  const isAsked = secret !== undefined || known.length > 0

  return {
    isAsked,
    login(connect) {
      if (!isAsked) return anybody
      // Every comparison is made, whatever the one before said, so that the time tells nothing.
      let found = secret !== undefined && timingSafeEqual(digest(connect.auth_token ?? ''), secret) ? anybody : undefined
      const user = digest(connect.user ?? '')
      const password = digest(connect.pass ?? '')
      for (const each of known) {
        const sameUser = timingSafeEqual(user, each.user)
        const samePassword = timingSafeEqual(password, each.password)
        if (sameUser && samePassword) found = each.login
      }
      return found
    },
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * Reads the argument of CONNECT: who it is and the new agreement, or why the connection ends (`text` undefined: without a word, as nats-server does for
 * what it cannot read).
 */
export function readConnect(
  json: string,
  before: Agreement,
  { login }: Credentials,
): { readonly agreement: Agreement; readonly login: Login } | { readonly refused: true; readonly text: string | undefined } {
  const connect = parseConnect(json)
  if (connect === undefined) return { refused: true, text: undefined }
  const found = login(connect)
  if (found === undefined) return { refused: true, text: errorTexts.authorization }
  const { protocol = 0 } = connect
  if (protocol > 1 || protocol < 0) return { refused: true, text: errorTexts.invalidClientProtocol }
  const agreement: Agreement = {
    verbose: connect.verbose ?? before.verbose,
    pedantic: connect.pedantic ?? before.pedantic,
    echo: connect.echo ?? before.echo,
    headers: connect.headers ?? before.headers,
    noResponders: connect.no_responders ?? before.noResponders,
    protocol,
    name: connect.name,
    lang: connect.lang,
    version: connect.version,
  }
  return agreement.noResponders && !agreement.headers
    ? { refused: true, text: errorTexts.noRespondersNeedHeaders }
    : { agreement, login: found }
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

/** Whether Go would read it into a struct of which it knows no field: null changes nothing. */
export const isJsonObject = (json: string) => parseObject(json) !== undefined

// What is not JSON is answered like JSON of the wrong shape: undefined.
function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json)
    if (value === null) return {}
    return typeof value === 'object' && !Array.isArray(value) ? value : undefined
  } catch {
    // Not JSON.
    return undefined
  }
}

function parseConnect(json: string): NatsConnect | undefined {
  const value = parseObject(json)
  if (value === undefined) return undefined
  const connect: Record<string, unknown> = {}
  // As Go reads a struct: a field's name is found in any case, and the last of several counts.
  for (const [written, field] of Object.entries(value) as [string, unknown][]) {
    const key = written.toLowerCase()
    if (field === null || !Object.hasOwn(kinds, key)) continue
    if (typeof field !== kinds[key as keyof NatsConnect]) return undefined
    connect[key] = field
  }
  return connect
}
