/** YAML as data with places: what every file of Micro's is read with. It is a door of its own, since it needs nothing of git. */
export { describeMistakes } from './mistake.js'
export type { Mistake, Report } from './mistake.js'
export { entryOf, readTree, textOf, valueOf } from './tree.js'
export type { Branch, Entry, Leaf, List, Tree, TreeOptions } from './tree.js'
