import { MicroError } from '@microts/core/base'

/** What became of the attempt to reach one endpoint. */
export interface EndpointFailure {
  readonly url: string
  readonly cause: unknown
}

/** The failures that only this registry has, each made in one place. */
export const etcdErrors = {
  /** None of the endpoints answers; `failures` in the order in which they were tried. `what`: `look up "orders"`. */
  unavailable: (what: string, failures: readonly EndpointFailure[]) =>
    new MicroError('unavailable', `Cannot ${what}: ${failures.map(({ url, cause }) => `${messageOf(cause)} (${url})`).join('; ')}`, {
      reason: 'REGISTRY_UNAVAILABLE',
      hint: `Start etcd (\`${startCommand(failures[0]?.url)}\`, or \`etcd: { type: etcd }\` in micro.yml), or correct the address (MICRO_REGISTRY_ADDRESS).`,
      details: { endpoints: failures.map(({ url }) => url) },
      cause: failures[0]?.cause,
    }),

  /** Something else has that port, or an etcd before 3.4. */
  notEtcd: (url: string, answer: string) =>
    new MicroError('failed_precondition', `Cannot use ${url} as etcd: what answers there says ${JSON.stringify(answer)}`, {
      reason: 'NOT_AN_ETCD_SERVER',
      hint: 'Correct the address (MICRO_REGISTRY_ADDRESS). etcd has port 2379 by habit for clients, and must be 3.4 or newer with its JSON gateway on.',
      details: { url, answer },
    }),

  /** The certificate is not trusted, or the one to trust cannot be read. */
  tls: (url: string, why: string, cause?: unknown) =>
    new MicroError('failed_precondition', `Cannot use TLS with etcd at ${url} as asked: ${why}`, {
      reason: 'ETCD_TLS',
      hint: 'Set `caFile` to a PEM file with the certificate that signed the one of etcd.',
      details: { url },
      cause,
    }),

  /** etcd knows nobody by this user and password, or asks for them. */
  notAuthorized: (url: string, user: string | undefined, answer: string) =>
    new MicroError(
      'unauthenticated',
      `Cannot log in to etcd at ${url}${user === undefined ? '' : ` as "${user}"`}: it answers "${answer}"`,
      {
        reason: 'ETCD_AUTHORIZATION',
        hint: 'Set the options `user` and `passwordEnv` to what etcd expects.',
        details: { url, ...(user === undefined ? {} : { user }) },
      },
    ),

  /** etcd lets this user in, and forbids this to it. */
  notPermitted: (what: string, url: string, prefix: string) =>
    new MicroError('permission_denied', `Cannot ${what}: etcd at ${url} forbids it to this user`, {
      reason: 'ETCD_PERMISSION',
      hint: `Grant the user's role readwrite on the prefix ${prefix} (\`etcdctl role grant-permission <role> --prefix=true readwrite ${prefix}\`).`,
      details: { url, prefix },
    }),

  /** etcd answers, and will not: it is out of space, or too busy. */
  refused: (what: string, url: string, answer: string) =>
    new MicroError('failed_precondition', `Cannot ${what}: etcd at ${url} answers "${answer}"`, {
      reason: 'ETCD_REFUSED',
      hint: 'Look at etcd itself (`etcdctl endpoint status`, `etcdctl alarm list`).',
      details: { url, answer },
    }),

  /** Text that is no list of addresses. The text is not shown: it may hold a password. */
  addressInvalid: (why: string) =>
    new MicroError('invalid_argument', `Cannot read the address of etcd: ${why}`, {
      reason: 'ADDRESS_INVALID',
      hint: 'Write http://host:port, https://host:port, or several with commas between them.',
    }),

  /** Options that cannot mean anything. */
  loginUnclear: (why: string) =>
    new MicroError('invalid_argument', `Cannot log in to etcd: ${why}`, {
      reason: 'LOGIN_UNCLEAR',
      hint: 'Give `user` with `passwordEnv` (or `password`).',
    }),

  /** An option points to an environment variable that this process does not have. */
  variableMissing: (option: string, variable: string) =>
    new MicroError(
      'failed_precondition',
      `Cannot log in to etcd: "${option}" names the environment variable ${variable}, which is not set`,
      {
        reason: 'SECRET_MISSING',
        hint: `Set ${variable} in the environment of the service.`,
        details: { option, variable },
      },
    ),
}

/** What a failure says, in one line. */
export function messageOf(cause: unknown): string {
  // Node tries all addresses of a name, and gathers what became of them.
  if (cause instanceof AggregateError && cause.errors.length > 0) return messageOf(cause.errors[0])
  return cause instanceof Error ? cause.message : String(cause)
}

/** How to start etcd at `url`, when that is on this machine. */
function startCommand(url: string | undefined): string {
  const port = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)$/.exec(url ?? '')?.[1]
  if (port === undefined) return 'etcd'
  return `etcd --listen-client-urls http://127.0.0.1:${port} --advertise-client-urls http://127.0.0.1:${port}`
}
