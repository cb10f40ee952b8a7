/** The embedded NATS beside nats-server. */
import type { Bench } from '../bench.js'
import { matchAim } from './match.js'
import { serverAims } from './server.js'

const bench: Bench = {
  about: 'the embedded NATS server beside nats-server, under the same clients; what a match costs among many subscriptions',
  run: async (options) => [...(await serverAims(options)), matchAim(options.quick ? 6 : 20)],
}

export default bench
