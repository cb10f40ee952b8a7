export * from './kinds.js'
export * from './options.js'
export * from './plugin.js'
