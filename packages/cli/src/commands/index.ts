import type { Commands } from '../command.js'

/** All commands: what the help says of each, and how it is loaded, which happens when it is called. */
export const commands: Commands = {
  new: { summary: 'make a new project, or one more service in a project', load: () => import('./new.js') },
  init: { summary: 'make a project of the folder that is there', load: () => import('./init.js') },
  up: { summary: 'run the whole project, and wait until all of it is ready', load: () => import('./up.js') },
  run: { summary: 'run our own services only', load: () => import('./run.js') },
  build: { summary: 'bundle each service into one self-contained file', load: () => import('./build.js') },
  plugin: { summary: 'fetch, list and check plugins from git', load: () => import('./plugin/index.js') },
  down: { summary: 'stop a project that runs', load: () => import('./down.js') },
  ps: { summary: 'show what runs, and how it is', load: () => import('./ps.js') },
  logs: { summary: 'show what the services have written', load: () => import('./logs.js') },
  call: { summary: 'call an endpoint of a service', load: () => import('./call.js') },
  services: { summary: 'list the services that the registry knows', load: () => import('./services.js') },
  describe: { summary: 'show what a service offers, and what it stands on', load: () => import('./describe.js') },
}
