/** The peers' packages, which only this bench needs: bench/peers has a lock file of its own. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Where they are. */
export const peersFolder = fileURLToPath(new URL('../peers', import.meta.url))

const command = 'npm ci --ignore-scripts --prefix bench/peers'

/** Installs what the lock file names, unless it is there. Gives why it could not, with what to type, or undefined. No script of a package is run. */
export async function installPeers(progress: (text: string) => void): Promise<string | undefined> {
  const lock = createHash('sha256')
    .update(await readFile(join(peersFolder, 'package-lock.json')))
    .digest('hex')
  const stamp = join(peersFolder, 'node_modules/.installed')
  if ((await readFile(stamp, 'utf8').catch(() => '')) === lock) return undefined
  progress(`installing the peers into bench/peers/node_modules (${command})`)
  try {
    await promisify(execFile)('npm', ['ci', '--ignore-scripts'], { cwd: peersFolder, env: withoutOuterNpm(), timeout: 300_000 })
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    const said = stderr.split('\n').flatMap((line) => /^npm error (?:network )?(?!syscall|errno)(\S.*)$/.exec(line)?.[1] ?? [])
    const why = said.length === 0 ? message : said.slice(0, 2).join(', ')
    return `the peers could not be installed: ${why}. With a network, type: ${command}`
  }
  await writeFile(stamp, lock)
  return undefined
}

/** `npm run` hands on what holds for the repository: its folder, and that engines are strict, which peers for newer Nodes are not. */
function withoutOuterNpm(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_(package|lifecycle|command|config_local_prefix|config_engine_strict)|INIT_CWD)/i.test(name),
    ),
  )
}
