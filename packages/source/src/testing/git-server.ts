import { execFileSync, spawn } from 'node:child_process'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** Real repositories, served by git's own `http-backend` on loopback. */
export interface GitServer {
  readonly url: string
  /** `GET /github.com/alice/mailhog.git/info/refs?service=git-upload-pack`, in order. */
  readonly requests: string[]
  /** Headers of each request, in the same order. */
  readonly headers: IncomingMessage['headers'][]
  /** Answers before git does; `true` when it has. */
  before: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  /** What git's configuration has besides: `['uploadpack.allowFilter=false']`. */
  config: readonly string[]
  /** Speaks protocol 0, as a server of 2017 did. */
  isOld: boolean
  /** From now on nothing listens. */
  stop(): Promise<void>
}

/** Serves the bare repositories below `folder`. It ends with the test. */
export async function gitServer(context: Pick<TestContext, 'after'>, folder: string): Promise<GitServer> {
  const backend = join(execFileSync('git', ['--exec-path']).toString().trim(), 'git-http-backend')
  const server = createServer((request, response) => {
    self.requests.push(`${request.method ?? ''} ${request.url ?? ''}`)
    self.headers.push(request.headers)
    if (self.before?.(request, response) === true) return
    serve(backend, folder, self, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  const self: GitServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    headers: [],
    before: undefined,
    config: [],
    isOld: false,
    stop,
  }
  context.after(stop)
  return self
}

function serve(backend: string, folder: string, self: GitServer, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', self.url)
  const config = Object.fromEntries(
    self.config.flatMap((setting, index) => {
      const [key = '', value = ''] = setting.split('=')
      return [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]
    }),
  )
  const child = spawn(backend, [], {
    env: {
      PATH: process.env['PATH'],
      ...config,
      GIT_CONFIG_COUNT: String(self.config.length),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_ADDR: '127.0.0.1',
      ...(request.headers['content-encoding'] !== undefined && { HTTP_CONTENT_ENCODING: request.headers['content-encoding'] }),
      ...(!self.isOld &&
        typeof request.headers['git-protocol'] === 'string' && {
          HTTP_GIT_PROTOCOL: request.headers['git-protocol'],
          GIT_PROTOCOL: request.headers['git-protocol'],
        }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  request.pipe(child.stdin)
  child.stdin.on('error', () => undefined) // git may answer before it has read all
  response.on('close', () => child.kill())
  let head = Buffer.alloc(0)
  const onHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    child.stdout.off('data', onHead)
    const lines = head.toString('latin1', 0, end).split('\r\n')
    const headers = lines.map((line) => line.split(/: ?(.*)/s) as [string, string])
    const status = headers.find(([name]) => name.toLowerCase() === 'status')?.[1]
    response.writeHead(
      status === undefined ? 200 : Number.parseInt(status, 10),
      Object.fromEntries(headers.filter(([name]) => name.toLowerCase() !== 'status')),
    )
    response.write(head.subarray(end + 4))
    child.stdout.pipe(response)
  }
  child.stdout.on('data', onHead)
  child.on('close', () => {
    if (!response.headersSent) response.writeHead(500)
    response.end()
  })
}
