/** What a plugin is made with, and what makes plugins live. */
export * from './api-range.js'
export * from './check-options.js'
export * from './check-schema.js'
export * from './errors.js'
export * from './host.js'
export * from './kinds.js'
export * from './options.js'
export * from './plugin.js'
