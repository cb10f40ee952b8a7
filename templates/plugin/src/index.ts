import { join } from 'node:path'
import { definePlugin } from '@microts/core/plugin'
import { jsonStore } from './json-store.js'

/** What options.schema.json lets through. The host has checked it, and filled in the defaults. */
interface Options {
  readonly file?: string
  readonly maxValueBytes: number
}

export default definePlugin<'store', Options>({
  kind: 'store',
  name: 'json',
  api: '^1.0',
  create: ({ file, maxValueBytes }, { dataFolder }) => jsonStore({ file: file ?? join(dataFolder, 'store.json'), maxValueBytes }),
})
