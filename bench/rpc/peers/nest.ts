/** @nestjs/microservices over its TCP transport. Decorators are functions, called here as such. */
import { load, type Peer } from '../contract.js'
import { freePort } from '../listening.js'

type Decorator = (target: object, key?: string, descriptor?: PropertyDescriptor) => void
interface Common {
  Controller(): Decorator
  Module(options: object): Decorator
}
interface Core {
  readonly NestFactory: {
    createMicroservice(module: unknown, options: object): Promise<{ listen(): Promise<void>; close(): Promise<void> }>
  }
}
interface Client {
  connect(): Promise<void>
  send(pattern: string, input: unknown): { subscribe(observer: { next(output: unknown): void; error(error: unknown): void }): void }
}
interface Microservices {
  MessagePattern(pattern: string): Decorator
  readonly ClientProxyFactory: { create(options: object): Client }
}

// Transport.TCP, which is an enum of the package.
const tcp = 0

export const peer: Peer = {
  async serve() {
    await load('reflect-metadata')
    const { Controller, Module } = await load<Common>('@nestjs/common')
    const { NestFactory } = await load<Core>('@nestjs/core')
    const { MessagePattern } = await load<Microservices>('@nestjs/microservices')
    class Echo {
      echo(input: unknown) {
        return input
      }
    }
    const App = function () {}
    const descriptor = Object.getOwnPropertyDescriptor(Echo.prototype, 'echo') as PropertyDescriptor
    MessagePattern('echo')(Echo.prototype, 'echo', descriptor)
    Controller()(Echo)
    Module({ controllers: [Echo] })(App)
    const port = await freePort()
    const app = await NestFactory.createMicroservice(App, { transport: tcp, options: { host: '127.0.0.1', port }, logger: false })
    await app.listen()
    return { address: String(port), close: () => app.close() }
  },
  async connect(address) {
    await load('reflect-metadata')
    const { ClientProxyFactory } = await load<Microservices>('@nestjs/microservices')
    const client = ClientProxyFactory.create({ transport: tcp, options: { host: '127.0.0.1', port: Number(address) } })
    await client.connect()
    return { call: (input, done, failed) => client.send('echo', input).subscribe({ next: done, error: failed }) }
  },
}
