import type { Closable, Implementation } from '../base/index.js'

/**
 * What an authority may have besides the contract's core.
 *
 * - `accounts`: `generate`, `token`, `inspect`
 * - `rules`: `grant`, `revoke`, `rules`; without it `verify` lets everyone do everything
 */
export type AuthFeature = 'accounts' | 'rules'

/** Who someone is. Never holds the secret. */
export interface Account {
  /** 1 to 255 characters, without control characters. */
  readonly id: string
  /** `user`, `service`, ... @default "user" */
  readonly type: string
  /** Who vouches for it. */
  readonly issuer: string
  /** What it is allowed to be: `admin`, `orders.read`. Words as an id is one, without `*`: a scope has no wildcard. */
  readonly scopes: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
}

/** What proves an account for a while. Both tokens are secrets: never logged. A wall clock that is set back does not make an expired one good again. */
export interface Token {
  readonly accessToken: string
  /** Good for one `token` call, which replaces it. Used a second time it has been stolen: all tokens that descend from the same login are revoked. */
  readonly refreshToken: string
  /** Wall-clock milliseconds. */
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

/**
 * What is to be reached. In a rule, each part is a word, `*` (anything), or, for `endpoint`, a path that ends in `/*` or `.*`: anything below, not the path
 * itself. A `*` elsewhere is refused. In a question, parts are compared as they are written: case counts, and whatever was escaped has to be unescaped before.
 * An endpoint with a step `.` or `..` between slashes, or of more than 1024 characters, fits no rule.
 */
export interface Resource {
  /** `service`, `topic`, `store`, ... */
  readonly type: string
  readonly name: string
  /** `Orders.Place`, a topic's verb, ... */
  readonly endpoint: string
}

/** Who may, or may not, reach what. */
export interface Rule {
  /** Unique; a second `grant` with it replaces the rule. */
  readonly id: string
  /** `""`: everyone, also without an account. `"*"`: every account. Else: accounts that have this scope. */
  readonly scope: string
  readonly resource: Resource
  readonly access: 'granted' | 'denied'
  /** A whole number. The highest that fits decides; among equals a denial does. @default 0 */
  readonly priority?: number
}

/** What `token` wants: an account's secret, or a refresh token. */
export type Credentials = { readonly id: string; readonly secret: string } | { readonly refreshToken: string }

/**
 * Knows who calls, and whether they may.
 *
 * Failures: an access token that is unknown, expired or revoked is `unauthenticated`/`TOKEN_INVALID`; an id, secret or refresh token that is wrong or used up
 * `unauthenticated`/`CREDENTIALS_INVALID`, which does not say which; too many wrong secrets for one id, also for one that nobody has,
 * `resource_exhausted`/`TOO_MANY_ATTEMPTS` with `details.retryAfterMs`; a `ttlMs` out of range `invalid_argument`/`TTL_INVALID`; `verify` that is not allowed is `permission_denied`/`ACCESS_DENIED`, without an account `unauthenticated`/`ACCOUNT_REQUIRED`; a bad id, scope or rule is
 * `invalid_argument`/`ACCOUNT_INVALID` or `RULE_INVALID`; an id that exists `already_exists`/`ACCOUNT_EXISTS`; an aborted signal `canceled`; all after `close()` `failed_precondition`/`CLOSED`.
 */
export interface Auth extends Implementation<AuthFeature>, Closable {
  /** Makes an account. `secret` (8 to 1024 characters; absent: 32 random bytes, base64url) is returned this once and kept only as a salted hash. Needs `accounts`. */
  generate(
    id: string,
    options?: {
      readonly secret?: string
      readonly type?: string
      readonly scopes?: readonly string[]
      readonly metadata?: Readonly<Record<string, string>>
      readonly signal?: AbortSignal
    },
  ): Promise<{ readonly account: Account; readonly secret: string }>
  /** A token pair for proven credentials. `ttlMs` of the access token, 1 to 86_400_000: @default 3_600_000 (an hour); the refresh token lives a day. Needs `accounts`. */
  token(credentials: Credentials, options?: { readonly ttlMs?: number; readonly signal?: AbortSignal }): Promise<Token>
  /** Whose access token this is. Needs `accounts`. */
  inspect(accessToken: string, options?: { readonly signal?: AbortSignal }): Promise<Account>
  /** Resolves when `account` (undefined: nobody known) may reach `resource`. With `rules`, no rule that fits is a denial. */
  verify(account: Account | undefined, resource: Resource, options?: { readonly signal?: AbortSignal }): Promise<void>
  /** Adds the rule, or replaces the one with its id. Needs `rules`. */
  grant(rule: Rule, options?: { readonly signal?: AbortSignal }): Promise<void>
  /** Removes the rule. Gives whether there was one. Needs `rules`. */
  revoke(ruleId: string, options?: { readonly signal?: AbortSignal }): Promise<boolean>
  /** All rules, in the order in which they are tried: by priority, denials first among equals, then by id. Needs `rules`. */
  rules(options?: { readonly signal?: AbortSignal }): Promise<readonly Rule[]>
}
