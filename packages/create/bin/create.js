#!/usr/bin/env node
// `npm create @microts shop` is `micro new shop`: the same words, the same questions, the same exit code.
const micro = new URL(import.meta.resolve('@microts/cli/bin/micro.js'))

process.argv.splice(1, 1, micro.pathname, 'new')
await import(micro.href)
