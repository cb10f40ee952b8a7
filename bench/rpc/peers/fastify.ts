/** fastify, called with undici: POST and JSON, as many connections as calls at once. */
import { load, promised, type Peer } from '../contract.js'

interface Fastify {
  fastify(options: object): {
    post(path: string, handler: (request: { readonly body: unknown }) => Promise<unknown>): void
    listen(options: { host: string; port: number }): Promise<string>
  }
}
interface Undici {
  readonly Pool: new (
    url: string,
    options: object,
  ) => { request(options: object): Promise<{ readonly body: { json(): Promise<unknown> } }> }
}

export const peer: Peer = {
  async serve() {
    const { fastify } = await load<Fastify>('fastify')
    const app = fastify({ logger: false })
    app.post('/echo', async ({ body }) => body)
    return { address: await app.listen({ host: '127.0.0.1', port: 0 }) }
  },
  async connect(address) {
    const { Pool } = await load<Undici>('undici')
    const pool = new Pool(address, { connections: 64, pipelining: 1 })
    const headers = { 'content-type': 'application/json' }
    return {
      call: promised(async (input) => {
        const { body } = await pool.request({ path: '/echo', method: 'POST', headers, body: JSON.stringify(input) })
        return body.json()
      }),
    }
  },
}
