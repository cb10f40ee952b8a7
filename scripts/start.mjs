/**
 * `npm start [-- <options of micro up>]`: bundles the CLI if it has to and runs the example, in this same process, so that Ctrl-C and the
 * exit code are the CLI's own.
 */
import { join } from 'node:path'
import { root } from './files.mjs'

const bin = join(root, 'packages/cli/bin/micro.js')

process.chdir(root)
process.argv.splice(1, 1, bin, 'up', 'examples/shop')
await import(bin)
