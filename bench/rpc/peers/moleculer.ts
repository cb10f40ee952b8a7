/** moleculer over its TCP transporter: each side knows the other by its address, nothing is searched for. */
import { load, promised, type Peer } from '../contract.js'
import { freePort } from '../listening.js'

interface Broker {
  createService(schema: object): void
  start(): Promise<void>
  stop(): Promise<void>
  waitForServices(names: string[], timeoutMs: number): Promise<void>
  call(action: string, input: unknown): Promise<unknown>
}
interface Moleculer {
  readonly default: { readonly ServiceBroker: new (options: object) => Broker }
}

async function brokerOf(nodeID: string, port: number, urls: readonly string[]): Promise<Broker> {
  const { ServiceBroker } = (await load<Moleculer>('moleculer')).default
  const transporter = { type: 'TCP', options: { udpDiscovery: false, port, urls } }
  return new ServiceBroker({ namespace: 'bench', nodeID, logger: false, transporter, requestTimeout: 10_000 })
}

export const peer: Peer = {
  async serve() {
    const port = await freePort()
    const broker = await brokerOf('server', port, [])
    broker.createService({ name: 'bench', actions: { echo: ({ params }: { params: unknown }) => params } })
    await broker.start()
    return { address: String(port), close: () => broker.stop() }
  },
  async connect(address) {
    const broker = await brokerOf('client', await freePort(), [`127.0.0.1:${address}/server`])
    await broker.start()
    await broker.waitForServices(['bench'], 20_000)
    return { call: promised((input) => broker.call('bench.echo', input)), close: () => broker.stop() }
  },
}
