import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FoundPlugins } from '../plugins/found-plugin.js'
import type { Catalog } from '../types/manifest.js'
import { projectSchema } from './schema.js'

/**
 * Writes the schema of a project's file to `<folder>/.micro/schema.json`, where the first line of a new `micro.yml` lets editors find it. A file that says
 * the same already stays untouched; another is replaced at once.
 */
export function writeProjectSchema(folder: string, catalog: Catalog, found?: FoundPlugins): void {
  const file = join(folder, '.micro', 'schema.json')
  const text = `${JSON.stringify(projectSchema(catalog, found), null, 2)}\n`
  if (textOf(file) === text) return
  mkdirSync(join(folder, '.micro'), { recursive: true })
  const temporary = `${file}.${process.pid}`
  writeFileSync(temporary, text)
  renameSync(temporary, file)
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // It is not there, or cannot be read: it is written anew, and that failure is told.
    return undefined
  }
}
