import { env } from 'node:process'
import { definePlugin, type OptionsSchema } from '@microts/core/plugin'
import { etcdRegistry, type EtcdRegistryOptions } from './etcd-registry.js'
import { readLogin, type LoginOptions } from './login.js'

export * from './etcd-registry.js'
export type { Login } from './login.js'

/** What `options` of `registry: {type: etcd}` may say. The address that the service is given counts before `endpoints`. */
export interface EtcdPluginOptions
  extends LoginOptions, Pick<EtcdRegistryOptions, 'endpoints' | 'tls' | 'caFile' | 'prefix' | 'timeoutMs'> {}

const options: OptionsSchema = {
  type: 'object',
  properties: {
    endpoints: {
      type: 'string',
      description: 'http://host:port, or several with commas between them, for when no address is given. Default is http://127.0.0.1:2379.',
    },
    user: { type: 'string', description: 'The user to log in as.' },
    password: { type: 'string', secret: true, description: "The user's password; passwordEnv keeps it out of files." },
    passwordEnv: { type: 'string', description: 'The environment variable that holds the password.' },
    tls: { type: 'boolean', description: 'What an address without http:// or https:// means. Default is false, and true with caFile.' },
    caFile: { type: 'string', description: "A PEM file with the certificates to trust in the place of the system's." },
    prefix: { type: 'string', pattern: '.', description: 'Where nodes lie. Services in Go look only at the default, /micro/registry/.' },
    timeoutMs: { type: 'integer', minimum: 100, maximum: 600_000, description: 'For one request to one endpoint. Default is 5000.' },
  },
}

export default definePlugin<'registry', EtcdPluginOptions>({
  kind: 'registry',
  name: 'etcd',
  api: '^1.0',
  options,
  create({ endpoints, tls, caFile, prefix, timeoutMs, ...login }, { address, clock, random, warn }) {
    return etcdRegistry({
      ...readLogin(login, env),
      ...((address ?? endpoints) === undefined ? {} : { endpoints: address ?? endpoints }),
      ...(tls === undefined ? {} : { tls }),
      ...(caFile === undefined ? {} : { caFile }),
      ...(prefix === undefined ? {} : { prefix }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      clock,
      random,
      warn,
    })
  },
})
