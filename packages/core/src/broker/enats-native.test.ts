import { after, before, test } from 'node:test'
import { findNativeServer, startNativeServer, type NativeServer } from '../nats/native-server.fixture.js'
import { conformance } from '../testing/conformance.js'
import { brokerSuite } from './conformance.js'
import { enatsBroker } from './enats.js'

const native = findNativeServer()
let server: NativeServer | undefined

before(async () => {
  // Room for a message of 1 MiB as an envelope, as our own server has it.
  if (native !== undefined) server = await startNativeServer(native, 'max_payload: 2097152')
})
after(() => server?.close())

const connect = () => enatsBroker({ address: server?.url ?? '' })
conformance(
  (name, run) => test(`enats with nats-server: ${name}`, { skip: native === undefined ? 'needs: nats-server' : false }, run),
  brokerSuite,
  { create: connect, peer: connect },
)
