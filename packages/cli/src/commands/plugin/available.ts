import { existsSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { MicroError } from '@microts/core/base'
import { formatAvailable, listAvailable, type AvailablePlugin, type ManifestText, type SourceOptions } from '@microts/source'
import { findInstallation } from '../../installation.js'
import type { Terminal } from '../../terminal.js'

/** All plugins that could be used here: those that come with this command, those that the project has, and those that the user's indexes name. */
export function availableHere(options: SourceOptions): Promise<readonly AvailablePlugin[]> {
  return listAvailable({ ...options, core: coreManifests() })
}

/** The manifests of what comes with this command. */
export function coreManifests(): readonly ManifestText[] {
  return findInstallation().manifests.map((file) => ({
    // By its folder and the one above: where that lies on this machine is no part of a manifest's name.
    file: file.split(sep).slice(-3).join('/'),
    text: readFileSync(file, 'utf8'),
  }))
}

/**
 * Writes the list of what is available to `plugins/manifest.yml`, when the project has that folder. An index is asked only when it never was: this is
 * kept by the way. One that cannot be asked is told, and changes nothing.
 */
export async function keepManifest(options: SourceOptions, terminal: Terminal): Promise<void> {
  if (!existsSync(join(options.project, 'plugins'))) return
  try {
    const plugins = await availableHere({ ...options, offline: true }).catch((error: unknown) => {
      if (options.offline === true || !MicroError.is(error) || error.reason !== 'OFFLINE') throw error
      return availableHere(options)
    })
    await writeManifest(options.project, plugins)
  } catch (error) {
    if (!MicroError.is(error) || error.code === 'canceled') throw error
    if (!terminal.wantsJson) terminal.err(terminal.style('yellow', `plugins/manifest.yml stays as it is: ${error.message}`))
  }
}

/** Writes `plugins/manifest.yml`, whole or not at all, when it is not the same already and the project has a `plugins/`. */
export async function writeManifest(project: string, plugins: readonly AvailablePlugin[]): Promise<void> {
  const file = join(project, 'plugins/manifest.yml')
  const text = formatAvailable(plugins)
  if (!existsSync(dirname(file)) || (existsSync(file) && readFileSync(file, 'utf8') === text)) return
  const fresh = `${file}.${process.pid}.new`
  await writeFile(fresh, text)
  await rename(fresh, file)
}
