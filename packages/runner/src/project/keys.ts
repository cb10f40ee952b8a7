import { driverNames } from '../types/manifest.js'
import type { Key, Keys, Shape } from '../yaml/shape.js'
import { interfaceKinds } from './project.js'

/** What a service may be called: it is part of file names, environment names and addresses. */
export const serviceName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/
const interfaceWord = /^[a-z0-9][a-z0-9-]*$/

const nameWhat = 'a name of letters, digits, ".", "_" and "-", 63 at most, that begins with a letter or a digit'
const pluginKey: Key = {
  about: 'Where it comes from: a repository, npm:<package> or ./path; micro is the same as leaving it out.',
  shape: { is: 'string', what: 'a reference such as "micro" or "github.com/alice/mailhog:v1"' },
}
const driver: Shape = { is: 'string', what: `one of ${driverNames.join(', ')}`, oneOf: driverNames }

const interfaceShape: Shape = {
  is: 'either',
  what: 'a word such as "memory", or a mapping with "type"',
  leaf: { is: 'string', what: 'a word such as "memory"', pattern: interfaceWord },
  branch: {
    is: 'object',
    what: 'a mapping with "type"',
    keys: {
      type: {
        about: 'The word of the implementation.',
        shape: { is: 'string', what: 'a word such as "memory"', pattern: interfaceWord },
      },
      service: {
        about: 'A service of the project that provides the implementation.',
        shape: { is: 'string', what: 'the name of a service', pattern: serviceName },
      },
      plugin: pluginKey,
      options: { about: 'What the implementation lets you set.', shape: { is: 'data', what: 'a mapping' } },
      address: { about: 'Where it is: host:port or a URL.', shape: { is: 'string', what: 'an address such as "127.0.0.1:4222"' } },
    },
  },
}

const interfaceKeys: Keys = Object.fromEntries(
  interfaceKinds.map((kind): [string, Key] => [kind, { about: `The ${kind} that our services use.`, shape: interfaceShape }]),
)

const serviceKeys: Keys = {
  type: {
    about: 'What it is: node for a service of ours, else a type, with a version if it matters: "mailhog:v1.0.3".',
    shape: { is: 'string', what: 'a type such as "node" or "mailhog:v1.0.3"' },
    isRequired: true,
  },
  path: { about: 'The folder with main.ts, for type node.', shape: { is: 'string', what: 'a path such as "./services/orders"' } },
  plugin: pluginKey,
  needs: {
    about: 'Services that are ready before this one starts, and whose addresses it is given.',
    shape: {
      is: 'list',
      what: 'a list such as [db, bus]',
      of: { is: 'string', what: 'the name of a service', pattern: serviceName },
    },
  },
  env: {
    about: 'Environment of the process.',
    shape: {
      is: 'map',
      what: 'a mapping such as { LOG_LEVEL: debug }',
      key: environmentName,
      keyWhat: 'a name of letters, digits and "_"',
      of: { is: 'text', what: 'a text' },
    },
  },
  driver: { about: 'How to run it; left out, the first that can.', shape: driver },
  ports: {
    about: 'Ports to use; left out, free ones that stay the same for this project.',
    shape: {
      is: 'map',
      what: 'a mapping such as { http: 8025 }',
      key: /^[a-z][a-z0-9-]*$/,
      keyWhat: 'the name of a port',
      of: { is: 'integer', what: 'a port from 1 to 65535', min: 1, max: 65_535 },
    },
  },
  data: { about: 'keep: its data outlives the run.', shape: { is: 'string', what: '"keep"', oneOf: ['keep'] } },
  ...interfaceKeys,
}

/** The whole of a project file: what it is checked with, and what its JSON Schema is made from. */
export const projectShape: Shape = {
  is: 'object',
  what: 'a mapping with "services"',
  keys: {
    name: {
      about: 'The name of the project; left out, the name of its folder.',
      shape: { is: 'string', what: nameWhat, pattern: serviceName },
    },
    plugins: {
      about: 'Plugins that are added to each service of ours.',
      shape: {
        is: 'list',
        what: 'a list such as [store/file]',
        of: { is: 'string', what: 'a reference such as "store/file" or "github.com/alice/plugins//broker/kafka:^1"' },
      },
    },
    prefer: { about: 'The driver to try first.', shape: driver },
    ...interfaceKeys,
    services: {
      about: 'What runs.',
      shape: {
        is: 'map',
        what: 'a mapping from names to services',
        key: serviceName,
        keyWhat: nameWhat,
        of: { is: 'object', what: 'a mapping such as { type: node, path: ./services/orders }', keys: serviceKeys },
      },
    },
  },
}
