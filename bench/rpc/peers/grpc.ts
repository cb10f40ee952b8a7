/** @grpc/grpc-js: HTTP/2 and protobuf. */
import { load, promised, type Peer } from '../contract.js'

type Unary = (call: { readonly request: unknown }, done: (error: null, reply: unknown) => void) => void
type Client = { Echo(input: unknown, done: (error: Error | null, reply: unknown) => void): void }
interface Grpc {
  loadPackageDefinition(definition: unknown): {
    bench: { Bench: { new (address: string, credentials: unknown): Client; service: unknown } }
  }
  readonly credentials: { createInsecure(): unknown }
  readonly ServerCredentials: { createInsecure(): unknown }
  readonly Server: new () => {
    addService(service: unknown, handlers: Readonly<Record<string, Unary>>): void
    bindAsync(address: string, credentials: unknown, done: (error: Error | null, port: number) => void): void
  }
}
interface ProtoLoader {
  fromJSON(json: object): unknown
}

const fields = { id: 'int32', name: 'string', n: 'int32', score: 'double', ok: 'bool', data: 'string' }
const Item = { fields: Object.fromEntries(Object.entries(fields).map(([name, type], index) => [name, { type, id: index + 1 }])) }
const Payload = { fields: { items: { rule: 'repeated', type: 'Item', id: 1 } } }
const Bench = { methods: { Echo: { requestType: 'Payload', responseType: 'Payload' } } }

async function loadGrpc() {
  const [grpc, loader] = await Promise.all([load<Grpc>('@grpc/grpc-js'), load<ProtoLoader>('@grpc/proto-loader')])
  const definition = loader.fromJSON({ nested: { bench: { nested: { Item, Payload, Bench } } } })
  return { grpc, Service: grpc.loadPackageDefinition(definition).bench.Bench }
}

export const peer: Peer = {
  async serve() {
    const { grpc, Service } = await loadGrpc()
    const server = new grpc.Server()
    server.addService(Service.service, { Echo: ({ request }, done) => done(null, request) })
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)))
    })
    return { address: `127.0.0.1:${port}` }
  },
  async connect(address) {
    const { grpc, Service } = await loadGrpc()
    const client = new Service(address, grpc.credentials.createInsecure())
    const echo = (input: unknown) =>
      new Promise((resolve, reject) => {
        client.Echo(input, (error, reply) => (error ? reject(error) : resolve(reply)))
      })
    return { call: promised(echo) }
  },
}
