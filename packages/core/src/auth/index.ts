/** Who calls, and whether they may. */
export * from './auth.js'
export * from './errors.js'
export * from './noop.js'
export * from './memory.js'
