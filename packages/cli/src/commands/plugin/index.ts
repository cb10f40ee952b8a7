import type { CommandGroup } from '../../command.js'

export const group: CommandGroup = {
  name: 'plugin',
  summary:
    'Plugins from git: fetched once, locked by commit and content in micro.lock, shown under plugins/, run only when you trust their source.',
  examples: ['micro plugin add github.com/alice/mailhog:develop', 'micro plugin list --available', 'micro plugin install --frozen'],
  verbs: {
    add: { summary: 'fetch plugins, and lock them as they are now', load: () => import('./add.js') },
    list: { summary: 'list what micro.lock names, or all that is available', load: () => import('./list.js') },
    install: { summary: 'put all that micro.lock names in place', load: () => import('./install.js') },
    remove: { summary: 'take plugins out of micro.lock and plugins/', load: () => import('./remove.js') },
    info: { summary: 'show what a plugin is', load: () => import('./info.js') },
    why: { summary: 'name the lines that ask for a plugin', load: () => import('./why.js') },
    search: { summary: 'look for a plugin in the indexes', load: () => import('./search.js') },
    outdated: { summary: 'say what has moved, and which versions are higher', load: () => import('./outdated.js') },
    update: { summary: 'show what is new, and move micro.lock to it', load: () => import('./update.js') },
    lock: { summary: 'resolve a merge conflict in micro.lock', load: () => import('./lock.js') },
    vendor: { summary: 'make real files of the links under plugins/', load: () => import('./vendor.js') },
    link: { summary: "put a folder of your own in a plugin's place", load: () => import('./link.js') },
    verify: { summary: 'compare every byte with micro.lock', load: () => import('./verify.js') },
    trust: { summary: 'trust a host, an owner, a repository or a commit from now on', load: () => import('./trust.js') },
    cache: { summary: 'show what is kept on this machine, and free what no lock names', load: () => import('./cache.js') },
  },
}
