import { env } from 'node:process'
import { definePlugin, type OptionsSchema } from '@microts/core/plugin'
import { readLogin, type LoginOptions } from './login.js'
import { natsBroker, type NatsBrokerOptions } from './nats-broker.js'

export type { Login } from './login.js'
export * from './nats-broker.js'

/** What `options` of `broker: {type: nats}` may say. The address that the service is given counts before `servers`. */
export interface NatsPluginOptions
  extends LoginOptions, Pick<NatsBrokerOptions, 'servers' | 'name' | 'tls' | 'caFile' | 'connectTimeoutMs' | 'maxBufferedBytes'> {}

const options: OptionsSchema = {
  type: 'object',
  properties: {
    servers: {
      type: 'string',
      description: 'nats://host:port, or several with commas between them, for when no address is given. Default is nats://127.0.0.1:4222.',
    },
    name: { type: 'string', description: "How the server's lists call this program. Default is the service's name." },
    user: { type: 'string', description: 'The user to log in as.' },
    password: { type: 'string', secret: true, description: "The user's password; passwordEnv keeps it out of files." },
    passwordEnv: { type: 'string', description: 'The environment variable that holds the password.' },
    token: { type: 'string', secret: true, description: 'A token to log in with; tokenEnv keeps it out of files.' },
    tokenEnv: { type: 'string', description: 'The environment variable that holds the token.' },
    tls: { type: 'boolean', description: 'true: only with TLS; false: never. Default is TLS when the server offers it.' },
    caFile: { type: 'string', description: "A PEM file with the certificates to trust in the place of the system's. Asks for TLS." },
    connectTimeoutMs: {
      type: 'integer',
      minimum: 100,
      maximum: 600_000,
      description: 'For one attempt to connect and log in. Default is 5000.',
    },
    maxBufferedBytes: {
      type: 'integer',
      minimum: 0,
      maximum: 1_073_741_824,
      description: 'What may be published while the server is out of reach. Default is 8 MiB.',
    },
  },
}

export default definePlugin<'broker', NatsPluginOptions>({
  kind: 'broker',
  name: 'nats',
  api: '^1.0',
  options,
  create({ servers, name, tls, caFile, connectTimeoutMs, maxBufferedBytes, ...login }, { address, service, clock, random, warn }) {
    return natsBroker({
      ...readLogin(login, env),
      name: name ?? service,
      ...((address ?? servers) === undefined ? {} : { servers: address ?? servers }),
      ...(tls === undefined ? {} : { tls }),
      ...(caFile === undefined ? {} : { caFile }),
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
      ...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
      clock,
      random,
      warn,
    })
  },
})
