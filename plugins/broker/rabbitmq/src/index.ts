import { env } from 'node:process'
import { definePlugin, type OptionsSchema } from '@microts/core/plugin'
import { readLogin, type LoginOptions } from './login.js'
import { rabbitmqBroker, type RabbitmqBrokerOptions } from './rabbitmq-broker.js'

export type { Login } from './login.js'
export * from './rabbitmq-broker.js'

/** What `options` of `broker: {type: rabbitmq}` may say. The address that the service is given counts before `servers`. */
export interface RabbitmqPluginOptions
  extends
    LoginOptions,
    Pick<
      RabbitmqBrokerOptions,
      | 'servers'
      | 'vhost'
      | 'name'
      | 'exchange'
      | 'durableExchange'
      | 'queueType'
      | 'tls'
      | 'caFile'
      | 'maxAttempts'
      | 'connectTimeoutMs'
      | 'maxMessageBytes'
      | 'maxBufferedBytes'
    > {}

const options: OptionsSchema = {
  type: 'object',
  properties: {
    servers: {
      type: 'string',
      description:
        'amqp://host:port/vhost, or several with commas between them, for when no address is given. Default is amqp://127.0.0.1:5672.',
    },
    vhost: { type: 'string', description: 'The virtual host, where the address says none. Default is /.' },
    name: { type: 'string', description: "How the server's pages call this program. Default is the service's name." },
    exchange: { type: 'string', description: "The topic exchange that all messages go to. Default is micro, which is go-micro's." },
    durableExchange: {
      type: 'boolean',
      description: "true: the exchange survives a restart of the server. Default is false, as go-micro's.",
    },
    queueType: {
      type: 'string',
      enum: ['classic', 'quorum'],
      description: 'How durable queues are kept: classic, on one server; quorum, on several of a cluster. Default is classic.',
    },
    user: { type: 'string', description: 'The user to log in as. Default is guest.' },
    password: { type: 'string', secret: true, description: "The user's password; passwordEnv keeps it out of files." },
    passwordEnv: { type: 'string', description: 'The environment variable that holds the password.' },
    tls: { type: 'boolean', description: 'true: with TLS, also where the address says amqp://. Default is what the address says.' },
    caFile: { type: 'string', description: "A PEM file with the certificates to trust in the place of the system's." },
    maxAttempts: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      description: 'How often a handler may fail at a message before that is given up. Default is 10.',
    },
    connectTimeoutMs: {
      type: 'integer',
      minimum: 100,
      maximum: 600_000,
      description: 'For one attempt to connect and log in. Default is 5000.',
    },
    maxMessageBytes: {
      type: 'integer',
      minimum: 1,
      maximum: 536_870_912,
      description: 'What the server takes as a body: its max_message_size. Default is 128 MiB.',
    },
    maxBufferedBytes: {
      type: 'integer',
      minimum: 0,
      maximum: 1_073_741_824,
      description: 'What may be published while the server is out of reach. Default is 8 MiB.',
    },
  },
}

export default definePlugin<'broker', RabbitmqPluginOptions>({
  kind: 'broker',
  name: 'rabbitmq',
  api: '^1.0',
  options,
  create({ servers, name, user, password, passwordEnv, ...rest }, { address, service, clock, random, warn }) {
    const login = {
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
      ...(passwordEnv === undefined ? {} : { passwordEnv }),
    }
    return rabbitmqBroker({
      ...rest,
      ...readLogin(login, env),
      name: name ?? service,
      ...((address ?? servers) === undefined ? {} : { servers: address ?? servers }),
      clock,
      random,
      warn,
    })
  },
})
