import type { Environment } from '../project/find.js'

/** Names that say who a process is: what a surrounding run says of itself is not passed on. */
const ofThisRun =
  /^MICRO_(CHANNEL_FD|PROJECT|PROJECT_DIR|RUN|WATCHDOG_OF|HOST|DATA_DIR|PORT_.*|SERVER_(ADDRESS|NAME|ID|ADVERTISE)|(AUTH|BROKER|CONFIG|REGISTRY|SELECTOR|STORE|TRANSPORT)_WHY)$/

/** What software needs of the user's environment to run at all: other people's software gets no more. */
const ofTheMachine =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|XDG_.*|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|(HTTPS?|NO)_PROXY|(https?|no)_proxy)$/

/** The user's environment as a service of ours gets it. */
export function environmentForOurs(env: Environment): Record<string, string> {
  return keep(env, (name) => !ofThisRun.test(name))
}

/** The user's environment as a service of another type gets it. */
export function environmentForOthers(env: Environment): Record<string, string> {
  return keep(env, (name) => ofTheMachine.test(name))
}

/** `MICRO_PORT_SMTP` for `smtp`. */
export const portVariable = (port: string) => `MICRO_PORT_${port.toUpperCase().replaceAll('-', '_')}`

function keep(env: Environment, wanted: (name: string) => boolean): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) if (value !== undefined && wanted(name)) kept[name] = value
  return kept
}
