import { definePlugin, type OptionsSchema } from '@microts/core/plugin'
import { fileStore } from './file-store.js'

export * from './file-store.js'
export * from './files.js'
export { nodeFiles } from './node-files.js'

/** What `options` of `store: {type: file}` may say. */
export interface FilePluginOptions {
  /** Absolute, or from the working directory. @default the folder that the project keeps for the service's data */
  readonly folder?: string
  /** @default 16_777_216 (16 MiB) */
  readonly maxValueBytes?: number
  /** @default 33_554_432 (32 MiB) */
  readonly cacheBytes?: number
}

const options: OptionsSchema = {
  type: 'object',
  properties: {
    folder: { type: 'string', description: 'Where the records are kept. Default: the folder of the service below .micro/data.' },
    maxValueBytes: {
      type: 'integer',
      minimum: 1_048_576,
      maximum: 1_073_741_824,
      description: 'The most that one value may have. Default: 16 MiB.',
    },
    cacheBytes: { type: 'integer', minimum: 0, description: 'How many bytes of values may stay in memory. Default: 32 MiB.' },
  },
}

export default definePlugin<'store', FilePluginOptions>({
  kind: 'store',
  name: 'file',
  api: '^1.0',
  options,
  create: ({ folder, ...limits }, { dataFolder, clock, warn }) => fileStore({ folder: folder ?? dataFolder, clock, warn, ...limits }),
})
