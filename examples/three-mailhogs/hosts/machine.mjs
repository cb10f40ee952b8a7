import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * A user's machine in a folder: micro's configuration, its store and its cache, apart from the user's own.
 *
 * @param {string} [kept] the folder; one that goes with `remove` when left out
 */
export function makeMachine(kept) {
  if (kept !== undefined) mkdirSync(kept, { recursive: true })
  const folder = realpathSync(kept === undefined ? mkdtempSync(join(tmpdir(), 'three-mailhogs-')) : resolve(kept))
  return {
    folder,
    repositories: join(folder, 'repositories'),
    /** What makes micro use it. */
    env: { XDG_CONFIG_HOME: join(folder, 'config'), XDG_DATA_HOME: join(folder, 'data'), XDG_CACHE_HOME: join(folder, 'cache') },
    configure: (url) => configure(join(folder, 'config', 'micro'), url),
    /** Removes what another start would not need; with `kept` that is the repositories alone. */
    remove: (projects) => {
      rmSync(join(folder, 'repositories'), { recursive: true, force: true })
      if (kept !== undefined) return
      for (const project of projects) removeLinks(join(project, 'plugins'), folder)
      makeWritable(folder)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Leaves in a file that is there what micro has written into it, which is whom the user trusts. */
function configure(folder, url) {
  const file = join(folder, 'config.yml')
  const mirror = `  github.com: "${url}/github.com/{path}.git"`
  mkdirSync(folder, { recursive: true })
  const text = existsSync(file)
    ? readFileSync(file, 'utf8').replace(/^ +github\.com: .*$/m, mirror)
    : `mirrors:\n${mirror}\nindexes: [github.com/lando/plugins]\n`
  writeFileSync(file, text)
}

/** The links of a project that lead into `folder`, which is about to go, and the folders that are empty without them. */
function removeLinks(at, folder) {
  if (!existsSync(at) || !lstatSync(at).isDirectory()) return
  for (const { name } of readdirSync(at, { withFileTypes: true })) {
    const path = join(at, name)
    if (!lstatSync(path).isSymbolicLink()) removeLinks(path, folder)
    else if (readlinkSync(path).startsWith(`${folder}/`)) rmSync(path)
  }
  if (readdirSync(at).length === 0) rmdirSync(at)
}

/** What is in the store is read-only, folders included. */
function makeWritable(folder) {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) makeWritable(join(folder, entry.name))
}
