import { after, before, test } from 'node:test'
import { brokerSuite } from '@microts/core/broker/conformance'
import { conformance } from '@microts/core/testing'
import { rabbitmqBroker } from './rabbitmq-broker.js'
import { noServer, startServer, type RealServer } from './testing/rabbitmq-server.fixture.js'

let server: RealServer | undefined

before(async () => {
  if (noServer === false) server = await startServer()
})
after(() => server?.stop())

const connect = () => rabbitmqBroker({ servers: server?.url ?? '' })

conformance((name, run) => test(name, { skip: noServer }, run), brokerSuite, { create: connect, peer: connect })
