/** A process that registers `orders-<number>`, says so, and stays: `register.fixture.ts <url> <number> <ttlMs>`. */
import { etcdRegistry } from '../etcd-registry.js'
import { nodeOf } from './kit.fixture.js'

const [, , endpoints = '', number = '1', ttlMs = '2000'] = process.argv
const registry = await etcdRegistry({ endpoints })
await registry.register(nodeOf('orders', Number(number)), { ttlMs: Number(ttlMs) })
process.stdout.write('registered\n')
process.stdin.resume()
