import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { httpTransport } from '../http.js'
import { rawClient } from '../raw-socket.fixture.js'
import type { Protocol } from '../transport.js'
import { isOwnSocket, listenOnSocket, localFolder } from './local-socket.js'

const skip = process.platform === 'win32'

async function baseFolder(t: TestContext): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), 'micro-local-'))
  t.after(() => rm(base, { recursive: true, force: true }))
  return base
}

/** A socket whose process was killed, as old as `ageMs`. */
async function deadSocket(path: string, ageMs: number): Promise<void> {
  const child = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`])
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const at = new Date(Date.now() - ageMs)
  await utimes(path, at, at)
}

test('listenOnSocket() listens in a folder that only this user can enter, and removes the file at the end', { skip }, async (t) => {
  const base = await baseFolder(t)

  const local = await listenOnSocket('shop-orders/1', (socket) => socket.end('hello'), 10, base)

  assert.equal(local?.path, join(base, 'micro', 'shop-orders_1.sock'))
  assert.equal((await stat(join(base, 'micro'))).mode & 0o777, 0o700)
  assert.equal((await stat(local.path)).mode & 0o777, 0o600)
  assert.equal(await isOwnSocket(local.path, base), true)
  assert.equal(await rawClient(local.path).ended(), 'hello')
  await local.close()
  assert.equal(existsSync(local.path), false)
})

test('listenOnSocket() gives none where it would not be private or cannot be', { skip }, async (t) => {
  const base = await baseFolder(t)
  const listen = (name = 'a') => listenOnSocket(name, (socket) => socket.destroy(), 10, base)

  await mkdir(join(base, 'micro'))
  await chmod(join(base, 'micro'), 0o755)
  assert.equal(await listen(), undefined)
  await rm(join(base, 'micro'), { recursive: true })
  await mkdir(join(base, 'elsewhere'), { mode: 0o700 })
  await symlink(join(base, 'elsewhere'), join(base, 'micro'))
  assert.equal(await listen(), undefined)
  await rm(join(base, 'micro'))
  await writeFile(join(base, 'micro'), '')
  assert.equal(await listen(), undefined)
  await rm(join(base, 'micro'))
  assert.equal(await listen('x'.repeat(200)), undefined)
})

test(
  'listenOnSocket() takes the place of a dead process, not of a living one, and clears away what the dead have left',
  { skip },
  async (t) => {
    const base = await baseFolder(t)
    await mkdir(join(base, 'micro'), { mode: 0o700 })
    const at = (name: string) => join(base, 'micro', `${name}.sock`)
    await deadSocket(at('own'), 0)
    await deadSocket(at('old'), 120_000)
    await deadSocket(at('young'), 0)
    await writeFile(at('file'), 'no socket')
    await utimes(at('file'), 0, 0)
    const living = createServer((socket) => socket.destroy()).listen(at('living'))
    await once(living, 'listening')
    await utimes(at('living'), 0, 0)

    const own = await listenOnSocket('own', (socket) => socket.end('mine'), 10, base)
    const taken = await listenOnSocket('living', (socket) => socket.destroy(), 10, base)

    assert.equal(await rawClient(own?.path as string).ended(), 'mine')
    assert.equal(taken, undefined)
    assert.deepEqual(
      ['old', 'young', 'file', 'living'].map((name) => existsSync(at(name))),
      [false, true, true, true],
    )
    await own?.close()
    living.close()
  },
)

test('isOwnSocket() believes in no path outside of the folder, and in no file', { skip }, async (t) => {
  const base = await baseFolder(t)
  await mkdir(join(base, 'micro'), { mode: 0o700 })
  await writeFile(join(base, 'micro', 'a.sock'), '')
  const server = createServer().listen(join(base, 'b.sock'))
  await once(server, 'listening')

  for (const path of [join(base, 'micro', 'a.sock'), join(base, 'b.sock'), join(base, 'micro', '..', 'b.sock'), 'a.sock', ''])
    assert.equal(await isOwnSocket(path, base), false, path)
  server.close()
})

test('localFolder() is the one of the session, else one of the user among the temporary files', { skip }, () => {
  assert.equal(localFolder('/run/user/7'), '/run/user/7/micro')
  assert.equal(localFolder(''), join(tmpdir(), `micro-${process.getuid?.()}`))
})

test('listenLocal() speaks the protocols for this host, and no HTTP; none without such a protocol', { skip }, async (t) => {
  const base = await baseFolder(t)
  const before = process.env['XDG_RUNTIME_DIR']
  process.env['XDG_RUNTIME_DIR'] = base
  const transport = httpTransport()
  t.after(async () => {
    if (before === undefined) delete process.env['XDG_RUNTIME_DIR']
    else process.env['XDG_RUNTIME_DIR'] = before
    await transport.close()
  })
  const near: Protocol<Socket> = {
    name: 'near',
    isLocal: true,
    detect: (head) => (head[0] === 0x21 ? 'yes' : 'no'),
    serve(socket) {
      socket.resume()
      socket.end('near')
      return { drain: () => socket.destroySoon() }
    },
  }
  const listener = await transport.listen('127.0.0.1:0', () => undefined, { protocols: [near] })
  const plain = await transport.listen('127.0.0.1:0', () => undefined)

  const path = await listener.listenLocal?.('a')
  assert.ok(path)
  assert.equal(await listener.listenLocal?.('b'), path)
  assert.equal(await plain.listenLocal?.('c'), undefined)
  const [speaking, http] = [rawClient(path), rawClient(path)]
  speaking.send('!')
  http.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')

  assert.equal(await speaking.ended(), 'near')
  assert.equal(await http.ended(), '')
  await listener.close()
  await assert.rejects(once(connect(path), 'connect'), { code: 'ENOENT' })
})
