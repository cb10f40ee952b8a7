import { mdnsRegistry } from '../mdns.js'

// Run by mdns.test.ts as a process of its own: registers a node, says so, and stays until its input ends or it is killed.
const [, , id = '', project = '', interfaces = 'loopback', folder = ''] = process.argv
const registry = mdnsRegistry({ project, interfaces: interfaces === 'none' ? [] : 'loopback', folder })
const node = { id, address: `127.0.0.1:${40_000 + Number(id.split('-').at(-1))}`, metadata: {} }
await registry.register({ name: 'orders', version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] })
process.stdout.write('ready\n')
for await (const _ of process.stdin);
await registry.close()
