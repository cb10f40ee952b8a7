/** The embedded NATS beside nats-server. */
import type { Bench } from '../bench.js'
import { matchAims } from './match.js'
import { serverAims } from './server.js'

const bench: Bench = {
  about: 'the embedded NATS server beside nats-server, under the same clients; what a match costs among many subscriptions',
  run: async (options) => [...(await serverAims(options)), ...matchAims(options.quick ? 6 : 20)],
}

export default bench
