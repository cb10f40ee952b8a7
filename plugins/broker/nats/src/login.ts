import { natsBrokerErrors } from './errors.js'

/** Who to log in as. Nothing set: as nobody in particular. */
export interface Login {
  readonly user?: string
  readonly password?: string
  readonly token?: string
}

/** A {@link Login} as options say it: secrets may stand there, or in environment variables that are named there. */
export interface LoginOptions extends Login {
  readonly passwordEnv?: string
  readonly tokenEnv?: string
}

/**
 * Looks up the secrets that `options` only name.
 *
 * @throws `invalid_argument`/`LOGIN_UNCLEAR`, `failed_precondition`/`SECRET_MISSING`
 */
export function readLogin(options: LoginOptions, env: Readonly<Record<string, string | undefined>>): Login {
  const { user } = options
  const password = secretOf('password', options.password, options.passwordEnv, env)
  const token = secretOf('token', options.token, options.tokenEnv, env)
  if (token !== undefined && (user !== undefined || password !== undefined))
    throw natsBrokerErrors.loginUnclear('a token is given, and a user or password too')
  if (password !== undefined && user === undefined) throw natsBrokerErrors.loginUnclear('a password is given, and no user')
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  }
}

function secretOf(
  option: 'password' | 'token',
  value: string | undefined,
  variable: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (variable === undefined) return value
  if (value !== undefined) throw natsBrokerErrors.loginUnclear(`both "${option}" and "${option}Env" are given`)
  const found = env[variable]
  // An empty one is the usual sign of a variable that was forgotten in a deployment.
  if (found === undefined || found === '') throw natsBrokerErrors.variableMissing(`${option}Env`, variable)
  return found
}
