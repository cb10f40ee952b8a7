/** The embedded server as a program of its own, as `micro up` runs it, with everything on that costs something: a login, permissions, a monitoring port. */
import { natsServer } from '@microts/core/nats'

const server = await natsServer({
  monitorPort: 0,
  users: [{ user: 'bench', password: 'bench', permissions: { publish: { deny: ['secret.>'] }, subscribe: { deny: ['secret.>'] } } }],
})
process.stdout.write(`${server.port}\n`)
process.on('SIGTERM', () => void server.close())
