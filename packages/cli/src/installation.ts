import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where this command was installed, and what it was installed with. */
export interface Installation {
  /** The folder of @microts/cli. */
  readonly folder: string
  readonly version: string
  /** Other packages of ours that it depends on. */
  readonly needs: readonly string[]
  /** The repository that it is run from; undefined for a package. */
  readonly checkout: string | undefined
  readonly templates: string
  /** Programs of their own that a run starts. */
  readonly tools: { readonly watchdog: string; readonly broker: string }
  /** Absolute paths of the manifests (micro.plugin.yml) of what comes with it, and of those implementations of ours that can be installed besides. */
  readonly manifests: readonly string[]
}

// The service types that `type:` can name with nothing else installed: dependencies of this package.
const ownServiceTypes = ['etcd', 'mailhog', 'nats', 'rabbitmq']

/** The installation that this file belongs to. */
export function findInstallation(): Installation {
  const folder = packageFolder(dirname(fileURLToPath(import.meta.url)))
  const { version, dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string
    dependencies?: object
  }
  const repository = resolve(folder, '../..')
  const isCheckout = existsSync(join(repository, 'scripts/pack.mjs')) && existsSync(join(folder, 'src'))
  const require = createRequire(join(folder, 'package.json'))
  return {
    folder,
    version,
    needs: Object.keys(dependencies).filter((name) => name.startsWith('@microts/')),
    checkout: isCheckout ? repository : undefined,
    templates: isCheckout ? join(repository, 'templates') : join(folder, 'templates'),
    tools: { watchdog: join(folder, 'dist/watchdog.js'), broker: join(folder, 'dist/broker.js') },
    manifests: [
      ...ownServiceTypes.map((type) => realpathSync(require.resolve(`@microts/service-${type}/micro.plugin.yml`))),
      ...manifestsBelow(isCheckout ? join(repository, 'plugins') : join(folder, 'plugins')),
    ],
  }
}

// <kind>/<name>/micro.plugin.yml. A package of this command carries the manifests of all our implementations, also where the implementations themselves
// are not installed: who misspells a name is told of them, and options are checked by them.
function manifestsBelow(plugins: string): string[] {
  return childrenOf(plugins)
    .flatMap(childrenOf)
    .map((plugin) => join(plugin, 'micro.plugin.yml'))
    .filter((file) => existsSync(file))
}

function childrenOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .sort()
}

// The bundle lies in dist/ or dist/chunks/, the source in src/: the package is the nearest folder with a package.json.
function packageFolder(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : packageFolder(dirname(from))
}
