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
    verify: { summary: 'compare every byte with micro.lock', load: () => import('./verify.js') },
    trust: { summary: 'trust a host, an owner, a repository or a commit from now on', load: () => import('./trust.js') },
  },
}
