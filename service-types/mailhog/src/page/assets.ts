import { readFileSync } from 'node:fs'

/** The files of the page. */
export interface PageAssets {
  readonly html: string
  readonly style: string
  readonly script: string
}

/** Reads the page's files from beside this module. The bundle has them as strings instead (build.mjs replaces this module). */
export function readPageAssets(): PageAssets {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
  return { html: read('./index.html'), style: read('./style.css'), script: read('./page.js') }
}
