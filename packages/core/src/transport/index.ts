export * from './transport.js'
