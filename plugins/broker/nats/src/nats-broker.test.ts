import { after, before, test } from 'node:test'
import { brokerSuite } from '@microts/core/broker/conformance'
import { conformance } from '@microts/core/testing'
import { natsBroker } from './nats-broker.js'
import { noServer, startServer, type RealServer } from './testing/nats-server.fixture.js'

let server: RealServer | undefined

before(async () => {
  // A server takes 1 MiB unless it is told otherwise, and an envelope of 1 MiB has 1.4.
  if (noServer === false) server = await startServer({ settings: 'max_payload: 4MB' })
})
after(() => server?.stop())

const connect = () => natsBroker({ servers: server?.url ?? '' })

conformance((name, run) => test(name, { skip: noServer }, run), brokerSuite, { create: connect, peer: connect })
