/** How long one waits: for the command, and for a service's first reply. */
import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ComparisonBench } from './bench.js'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

// Answers the first request with the smallest reply that a client accepts: what Node itself needs for a server.
const bareServer = `
import { createServer } from 'node:net'
const [host, port] = process.env.MICRO_SERVER_ADDRESS.split(':')
createServer((socket) => {
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{}'))
}).listen(Number(port), host)
`

const bench: ComparisonBench = {
  about: 'micro --version against an empty program; the first reply of a hello service against a bare server of node:net',
  async prepare() {
    const folder = await mkdtemp(join(tmpdir(), 'micro-bench-'))
    const at = (name: string) => join(folder, name)
    await writeFile(at('package.json'), '{ "type": "module" }')
    await writeFile(at('empty.js'), '')
    await writeFile(at('bare.js'), bareServer)
    await bundleCli()
    // As it is installed: without the sources that make the bin look whether the bundle is fresh.
    for (const name of ['bin', 'dist', 'package.json']) await cp(join(root, 'packages/cli', name), at(`cli/${name}`), { recursive: true })
    // As a user builds it.
    await mkdir(at('hello'))
    await cp(join(root, 'bench/hello/service.ts'), at('hello/main.ts'))
    await writeFile(at('hello/plugins.ts'), 'export const plugins = []\n')
    await execute(process.execPath, [join(root, 'packages/cli/bin/micro.js'), 'build', './hello'], { cwd: folder, env: cleanEnvironment() })
    return {
      comparisons: [
        {
          name: 'micro --version',
          subject: () => run(at('cli/bin/micro.js'), '--version'),
          baseline: () => run(at('empty.js')),
          atMost: 1.2,
        },
        {
          name: 'first reply',
          subject: () => firstReply(at('dist/hello/main.js')),
          baseline: () => firstReply(at('bare.js')),
          atMost: 1.2,
        },
      ],
      close: () => rm(folder, { recursive: true, force: true }),
    }
  },
}

export default bench

async function bundleCli(): Promise<void> {
  const { ensureBundle } = (await import(new URL('../scripts/bundle.mjs', import.meta.url).href)) as {
    ensureBundle: () => Promise<unknown>
  }
  await ensureBundle()
}

/** From the start of the process to its end. */
function run(...args: string[]): Promise<number> {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'ignore', env: cleanEnvironment() })
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve(performance.now() - startedAt) : reject(new Error(`${args.join(' ')}: exit code ${code}`)),
    )
  })
}

/** From the start of the process to the first byte of its answer to `POST /Hello.Hi`. Ends the process, and waits until it is gone. */
async function firstReply(program: string): Promise<number> {
  const port = await freePort()
  const startedAt = performance.now()
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...cleanEnvironment(), MICRO_SERVER_ADDRESS: `127.0.0.1:${port}`, MICRO_STOP_GRACE_MS: '0' },
  })
  const exited = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${program}: exit code ${child.exitCode}`)
      if (await isAnswered(port)) return performance.now() - startedAt
      if (performance.now() - startedAt > 20_000) throw new Error(`${program}: no reply within 20 s`)
    }
  } finally {
    child.kill('SIGKILL')
    await exited
  }
}

/** Whether a call is answered now. A port that is closed says so at once; the pause keeps this loop from taking the server's time. */
function isAnswered(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('POST /Hello.Hi HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}')
    })
    socket.once('data', (head) => {
      socket.destroy()
      resolve(head.toString('latin1').startsWith('HTTP/1.1 200'))
    })
    socket.once('error', () => setTimeout(() => resolve(false), 1))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

/** What the developer's shell says of Node and Micro must not decide what is measured. */
function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name, value]) => value !== undefined && !/^(NODE_|MICRO_)/.test(name))
  return Object.fromEntries(entries) as Record<string, string>
}
