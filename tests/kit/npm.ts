import { execFile, spawn } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import type { Outcome } from './micro.js'
import { root, type Sandbox } from './sandbox.js'

/** A tarball of one of our packages. */
export interface Tarball {
  readonly name: string
  readonly version: string
  /** Absolute. */
  readonly file: string
}

/** Runs a program of the path (`npm`, `npx`, `node`) in `folder` to its end. What npm has fetched before is shared with the machine. */
export async function program(sandbox: Sandbox, folder: string, words: readonly [string, ...string[]]): Promise<Outcome> {
  const [name, ...rest] = words
  const child = spawn(name, rest, { cwd: folder, env: npmEnvironment(sandbox), stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, out, err }
}

/** The sandbox's environment, and how npm behaves in it. */
export function npmEnvironment(sandbox: Sandbox): Record<string, string> {
  return {
    ...sandbox.env,
    npm_config_cache: process.env['npm_config_cache'] ?? join(homedir(), '.npm'),
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
}

/** The tarballs of the checkout as it is now, dependencies first. They are made when they are not fresh. */
export async function packs(): Promise<readonly Tarball[]> {
  const words = [join(root, 'scripts/pack.mjs'), '--json']
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 1 << 24 })
  return JSON.parse(stdout) as Tarball[]
}
