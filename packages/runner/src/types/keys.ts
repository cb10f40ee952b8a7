import { interfaceKinds } from '../project/project.js'
import type { Keys, Shape } from '../yaml/shape.js'
import { driverNames } from './manifest.js'

const word = /^[a-z0-9][a-z0-9-]*$/
const string = (what: string): Shape => ({ is: 'string', what })
const text: Shape = { is: 'text', what: 'a text' }
const version: Shape = { is: 'string', what: 'a version in quotes, such as "v1.0.1"' }
const texts = (what: string): Shape => ({ is: 'list', what, of: text })
const object = (what: string, keys: Keys): Shape => ({ is: 'object', what, keys })
const mapOf = (what: string, of: Shape, key = /^[^\s:]+$/): Shape => ({ is: 'map', what, of, key, keyWhat: 'a word' })
const timeoutMs: Shape = { is: 'integer', what: 'milliseconds from 1 to 3600000', min: 1, max: 3_600_000 }
const port: Shape = { is: 'integer', what: 'a port from 1 to 65535', min: 1, max: 65_535 }

const drivers: Keys = {
  embedded: {
    about: 'A JavaScript program in a process of its own.',
    shape: object('a mapping with "entry"', {
      entry: { about: 'The program, relative to this file.', shape: string('a path such as dist/main.js'), isRequired: true },
      versions: {
        about: 'The versions that it can stand for; left out, all.',
        shape: { is: 'list', what: 'a list of versions', of: version },
      },
    }),
  },
  native: {
    about: 'A command that the machine has.',
    shape: object('a mapping with "command"', {
      command: { about: 'Its name on the PATH.', shape: string('a command'), isRequired: true },
      needs: { about: 'Further commands that must be there.', shape: { is: 'list', what: 'a list of commands', of: string('a command') } },
      args: { about: 'Its arguments; ${port.<name>} and ${data} are filled in.', shape: texts('a list of arguments') },
      env: { about: 'Its environment.', shape: mapOf('a mapping', text) },
      version: {
        about: 'How to ask it for its version.',
        shape: object('a mapping with "args" and "match"', {
          args: { about: 'The arguments that make it print its version.', shape: texts('a list of arguments'), isRequired: true },
          match: { about: 'An expression whose first group is the version.', shape: string('a regular expression'), isRequired: true },
        }),
      },
    }),
  },
  docker: {
    about: 'A container image.',
    shape: object('a mapping with "image" and "tags"', {
      image: { about: 'The image; ${tag} is filled in.', shape: string('an image'), isRequired: true },
      tags: { about: 'From version to tag.', shape: mapOf('a mapping from versions to tags', version) },
    }),
  },
}

const service: Keys = {
  type: { about: 'The word that chooses it.', shape: { is: 'string', what: 'a word', pattern: word }, isRequired: true },
  versions: { about: 'The versions that it has.', shape: { is: 'list', what: 'a list of versions', of: version } },
  default: { about: 'The version when none is written.', shape: version },
  ports: {
    about: 'Its ports.',
    shape: mapOf(
      'a mapping such as { http: { port: 8025 } }',
      object('a mapping with "port"', {
        port: { about: 'The port that the software has by habit.', shape: port, isRequired: true },
        open: { about: 'Whether a browser can open it.', shape: { is: 'boolean', what: 'true or false' } },
        drivers: {
          about: 'The drivers that have it; left out, all.',
          shape: {
            is: 'list',
            what: 'a list of drivers',
            of: { is: 'string', what: `one of ${driverNames.join(', ')}`, oneOf: driverNames },
          },
        },
      }),
      /^[a-z][a-z0-9-]*$/,
    ),
  },
  drivers: { about: 'How it can be run, the first choice first.', shape: object('a mapping of drivers', drivers), isRequired: true },
  ready: {
    about: 'When it is ready.',
    shape: object('a mapping with "http" or "tcp"', {
      http: {
        about: 'When this answers, with a status below 500.',
        shape: object('a mapping with "port"', {
          port: { about: 'The name of the port.', shape: string('the name of a port'), isRequired: true },
          path: { about: 'The path.', shape: string('a path such as /') },
        }),
      },
      tcp: {
        about: 'When this accepts a connection.',
        shape: object('a mapping with "port"', {
          port: { about: 'The name of the port.', shape: string('the name of a port'), isRequired: true },
        }),
      },
      timeoutMs: { about: 'How long it may take.', shape: timeoutMs },
    }),
  },
  data: { about: 'Where its container keeps its data.', shape: string('an absolute path') },
  exports: { about: 'Environment for the services that need it.', shape: mapOf('a mapping', text) },
  provides: {
    about: 'The interface that it implements for our services.',
    shape: {
      is: 'map',
      what: 'a mapping such as { broker: nats, address: "nats://127.0.0.1:${port.client}" }',
      key: new RegExp(`^(address|${interfaceKinds.join('|')})$`),
      keyWhat: 'an interface or "address"',
      of: string('a word'),
    },
  },
}

/** A `micro.plugin.yml`. */
export const manifestShape: Shape = object('a mapping with "plugins"', {
  plugins: {
    about: 'What is here.',
    isRequired: true,
    shape: {
      is: 'list',
      what: 'a list of plugins',
      of: object('a mapping with "uri"', {
        uri: { about: 'Where it lives.', shape: string('a reference'), isRequired: true },
        name: { about: 'For people.', shape: string('a text'), isRequired: true },
        description: { about: 'For people.', shape: string('a text'), isRequired: true },
        api: { about: 'The plugin APIs that it works with.', shape: string('a version range in quotes, such as "^1"') },
        service: { about: 'A type of service.', shape: object('a mapping with "type"', service) },
        implementation: {
          about: 'An implementation of an interface.',
          shape: object('a mapping with "kind", "name" and "entry"', {
            kind: {
              about: 'The interface.',
              shape: { is: 'string', what: 'an interface', oneOf: interfaceKinds },
              isRequired: true,
            },
            name: { about: 'The word that chooses it.', shape: { is: 'string', what: 'a word', pattern: word }, isRequired: true },
            entry: { about: 'Its module, relative to this file.', shape: string('a path'), isRequired: true },
            options: {
              about: 'What can be set: a JSON Schema, or the file that holds one.',
              shape: {
                is: 'either',
                what: 'a path or a JSON Schema',
                leaf: string('a path'),
                branch: { is: 'data', what: 'a JSON Schema' },
              },
            },
          }),
        },
        capabilities: { about: 'What it uses of the machine.', shape: texts('a list') },
      }),
    },
  },
})
