import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where this user's machine keeps what is no part of a project. All absolute. */
export interface Folders {
  /** May be deleted at any time: bare repositories, receipts, what indexes said. */
  readonly cache: string
  /** The content of plugins, a folder a hash. */
  readonly store: string
  /** What the user's checkouts are: which there are, and which of their plugins a folder of the user's stands in the place of. */
  readonly data: string
  /** What the user decided: trust, mirrors, indexes. */
  readonly configFile: string
}

/** The folders of the XDG base directory specification, which says that a value that is no absolute path is as good as none. */
export function foldersOf(env: Environment): Folders {
  const home = env['HOME'] === undefined || env['HOME'] === '' ? homedir() : env['HOME']
  const at = (name: string, otherwise: string) => {
    const value = env[name]
    return join(value !== undefined && isAbsolute(value) ? value : join(home, otherwise), 'micro')
  }
  return {
    cache: at('XDG_CACHE_HOME', '.cache'),
    store: join(at('XDG_DATA_HOME', '.local/share'), 'store'),
    data: at('XDG_DATA_HOME', '.local/share'),
    configFile: join(at('XDG_CONFIG_HOME', '.config'), 'config.yml'),
  }
}
