export * from './call.js'
export * from './endpoint.js'
