import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The words that a template's `{{...}}` stand for. */
export type Words = Readonly<Record<string, string>>

/** `shop-orders` as the words of a template: `name`, `variable` (shopOrders), `Handler` (ShopOrders). */
export function wordsOf(name: string): Words {
  const handler = name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
  return { name, variable: handler.charAt(0).toLowerCase() + handler.slice(1), Handler: handler }
}

/**
 * Writes every file below `template` to `target`, its text and its name filled in; a leading `_` becomes a dot, since packages cannot carry dot files.
 * Nothing that exists is overwritten: a file that is there already fails with EEXIST. Gives the paths, relative to `target`, sorted.
 */
export async function writeTemplate(template: string, target: string, words: Words): Promise<string[]> {
  const entries = await readdir(template, { withFileTypes: true, recursive: true })
  const written: string[] = []
  for (const entry of entries.filter((one) => one.isFile())) {
    const source = join(entry.parentPath, entry.name)
    const path = fill(source.slice(template.length + 1), words).replace(/(^|\/)_/g, '$1.')
    const file = join(target, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, fill(await readFile(source, 'utf8'), words), { flag: 'wx' })
    written.push(path)
  }
  return written.sort()
}

/** A text with its `{{word}}` filled in; words that are not known stay. */
export function fill(text: string, words: Words): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, word: string) => words[word] ?? whole)
}
