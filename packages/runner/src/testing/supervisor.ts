/** A supervisor in a process of its own, for tests that kill it: what the CLI does, without its terminal. Arguments: folder, watchdog, broker. */
import { join } from 'node:path'
import { readCatalog, up } from '../index.js'

const [folder = '', watchdog = '', broker = ''] = process.argv.slice(2)
const running = up({ folder, tools: { watchdog, broker }, catalog: readCatalog([join(folder, 'types/micro.plugin.yml')]) })
process.on('SIGTERM', () => void running.stop().then(() => process.exit(0)))
for await (const event of running.events) if (event.type === 'failed') process.stderr.write(`${JSON.stringify(event)}\n`)
