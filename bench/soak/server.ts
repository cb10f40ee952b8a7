/** A server in a process of its own, that the soak kills. It says its port, and goes gently on a SIGTERM. */
import { natsServer } from '../../packages/core/src/nats/index.js'

const server = await natsServer({ port: Number(process.argv[2] ?? 0), maxPendingBytes: 16 * 1024 * 1024 })
process.stdout.write(`${server.port}\n`)
process.once('SIGTERM', () => void server.lameDuck({ graceMs: 50, durationMs: 500 }).then(() => process.exit(0)))
