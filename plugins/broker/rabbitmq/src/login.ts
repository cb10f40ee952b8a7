import { rabbitmqErrors } from './errors.js'

/** Who to log in as. Nothing set: as `guest`, which RabbitMQ lets in from its own machine only. */
export interface Login {
  readonly user?: string
  readonly password?: string
}

/** A {@link Login} as options say it: the password may stand there, or in an environment variable that is named there. */
export interface LoginOptions extends Login {
  readonly passwordEnv?: string
}

/**
 * Looks up the password that `options` only name.
 *
 * @throws `invalid_argument`/`LOGIN_UNCLEAR`, `failed_precondition`/`SECRET_MISSING`
 */
export function readLogin(options: LoginOptions, env: Readonly<Record<string, string | undefined>>): Login {
  const { user, passwordEnv } = options
  if (passwordEnv !== undefined && options.password !== undefined)
    throw rabbitmqErrors.loginUnclear('both "password" and "passwordEnv" are given')
  const password = passwordEnv === undefined ? options.password : env[passwordEnv]
  // An empty one is the usual sign of a variable that was forgotten in a deployment.
  if (passwordEnv !== undefined && (password === undefined || password === '')) throw rabbitmqErrors.variableMissing(passwordEnv)
  if (password !== undefined && user === undefined) throw rabbitmqErrors.loginUnclear('a password is given, and no user')
  return { ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) }
}
