import { test } from 'node:test'
import { conformance } from '../testing/index.js'
import { transportSuite } from './conformance.js'
import { memoryNetwork, memoryTransport, type MemoryNetwork } from './memory.js'
import type { Transport } from './transport.js'

const networks = new WeakMap<Transport, MemoryNetwork>()

conformance(test, transportSuite, {
  create() {
    const network = memoryNetwork()
    const transport = memoryTransport({ network })
    networks.set(transport, network)
    return transport
  },
  peer: (subject) => memoryTransport({ network: networks.get(subject) as MemoryNetwork }),
})
