import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { mailsAt, sendMail } from './kit/mail.js'
import { root } from './kit/sandbox.js'

const repositories = join(root, 'examples/three-mailhogs/repositories/github.com')
const alice = join(repositories, 'alice/mailhog/mailhog.mjs')
const bob = join(repositories, 'bob/mailhog/mailhog.mjs')
const blackhole = join(repositories, 'bob/mailhog/blackhole/blackhole.mjs')

interface Said {
  readonly type: string
  readonly error?: { readonly code: string; readonly reason: string; readonly message: string }
}

/** Starts one of them as the runner does: with ports, and a channel to say that it is ready. */
async function start(context: TestContext, program: string, env: Record<string, string> = {}) {
  const ports = { smtp: await freePort(), http: await freePort() }
  const child = spawn(process.execPath, [program], {
    env: { MICRO_CHANNEL_FD: '3', MICRO_PORT_SMTP: String(ports.smtp), MICRO_PORT_HTTP: String(ports.http), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  context.after(() => child.kill('SIGKILL'))
  const [line] = (await once(createInterface({ input: child.stdio[3] as Readable }), 'line')) as [string]
  return { child, exited, ports, said: JSON.parse(line) as Said, log: createInterface({ input: child.stdout as Readable }) }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

for (const [name, program] of Object.entries({ "alice's": alice, "bob's": bob })) {
  test(`${name} mailhog says that it is ready, keeps a mail as it was sent, logs it, and ends when told to`, async (context) => {
    const { child, exited, ports, said, log } = await start(context, program)
    const logged = once(log, 'line') as Promise<[string]>

    await sendMail(ports.smtp, { subject: 'Grüße', body: '.one dot\r\n..two\r\n\r\nend' })

    assert.deepEqual(said, { type: 'ready', ports })
    assert.deepEqual(await mailsAt(ports.http), [{ subject: 'Grüße', to: ['alice@example.com'], body: '.one dot\r\n..two\r\n\r\nend' }])
    assert.equal((JSON.parse((await logged)[0]) as { msg: string }).msg, 'mail received')
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
  })

  test(`${name} mailhog says which port is taken`, async (context) => {
    const other = createServer()
    await once(other.listen(0, '127.0.0.1'), 'listening')
    context.after(() => other.close())
    const { port } = other.address() as AddressInfo

    const { exited, said } = await start(context, program, { MICRO_PORT_HTTP: String(port) })

    assert.equal(said.type, 'failed')
    assert.equal(said.error?.code, 'unavailable')
    assert.equal(said.error.reason, 'PORT_TAKEN')
    assert.match(said.error.message, new RegExp(String(port)))
    assert.deepEqual(await exited, [1, null])
  })

  test(`${name} mailhog shows no mail to a web site that has pointed its own name here`, async (context) => {
    const { ports } = await start(context, program)

    const status = await statusUnder('evil.example', ports.http)

    assert.equal(status, 403)
    assert.equal(await statusUnder(`127.0.0.1:${ports.http}`, ports.http), 200)
  })

  test(`${name} mailhog hangs up on a line without end, and serves the next client`, async (context) => {
    const { ports } = await start(context, program)

    await sendUntilHungUp(ports.smtp, 'x'.repeat(1024 * 1024))
    await sendMail(ports.smtp, { subject: 'next' })

    assert.equal((await mailsAt(ports.http)).length, 1)
  })
}

test("alice's mailhog keeps the last mails only, and shows them as text", async (context) => {
  const { ports } = await start(context, alice, { MAILHOG_KEEP: '3' })

  for (const subject of ['1', '2', '3', '4', '=?utf-8?Q?<b>Gr=C3=BC=C3=9Fe?=']) await sendMail(ports.smtp, { subject })

  assert.deepEqual(
    (await mailsAt(ports.http)).map(({ subject }) => subject),
    ['=?utf-8?Q?<b>Gr=C3=BC=C3=9Fe?=', '4', '3'],
  )
  const page = await (await fetch(`http://127.0.0.1:${ports.http}/`)).text()
  assert.match(page, /<title>Alice's mailhog<\/title>/)
  assert.match(page, /&#60;b&#62;Grüße/)
  assert.doesNotMatch(page, /<b>/)
  assert.equal((await fetch(`http://127.0.0.1:${ports.http}/api/v1/messages`, { method: 'DELETE' })).status, 200)
  assert.deepEqual(await mailsAt(ports.http), [])
})

test("alice's mailhog refuses a number that is none", async (context) => {
  const { said, exited } = await start(context, alice, { MAILHOG_KEEP: 'all' })

  assert.equal(said.error?.reason, 'INVALID_SETTING')
  assert.deepEqual(await exited, [1, null])
})

test("bob's mailhog refuses mail to a person, and says whom it refused", async (context) => {
  const { ports } = await start(context, bob)

  const replies = await sendMail(ports.smtp, { subject: 'x', to: 'ann@real-company.com' })
  for (const to of ['a@example.org', 'b@shop.test', 'c@deep.example']) await sendMail(ports.smtp, { subject: 'x', to })
  for (const to of ['a@notexample.com', 'b@example.com.evil.io', 'c@test.de']) await sendMail(ports.smtp, { subject: 'x', to })

  assert.match(replies.at(-1) ?? '', /^550 /)
  assert.deepEqual(
    (await mailsAt(ports.http)).flatMap(({ to }) => to),
    ['c@deep.example', 'b@shop.test', 'a@example.org'],
  )
  const refused = (await (await fetch(`http://127.0.0.1:${ports.http}/refused`)).json()) as { to: string }[]
  assert.deepEqual(
    refused.map(({ to }) => to),
    ['c@test.de', 'b@example.com.evil.io', 'a@notexample.com', 'ann@real-company.com'],
  )
  assert.match(await (await fetch(`http://127.0.0.1:${ports.http}/`)).text(), /^Bob's mailhog/)
})

test("bob's blackhole counts mail and keeps none", async (context) => {
  const { ports, said } = await start(context, blackhole)

  for (const subject of ['1', '2']) await sendMail(ports.smtp, { subject, to: 'ann@real-company.com' })

  assert.deepEqual(said, { type: 'ready' })
  assert.deepEqual(await (await fetch(`http://127.0.0.1:${ports.http}/`)).json(), { mails: 2 })
})

/** The status of `/` for a browser that thinks it talks to `host`. */
async function statusUnder(host: string, port: number): Promise<number> {
  const [response] = (await once(get({ host: '127.0.0.1', port, headers: { host } }), 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode ?? 0
}

/** Resolves when the server has hung up, by a reset or an end. */
function sendUntilHungUp(port: number, line: string): Promise<void> {
  const socket = createConnection(port, '127.0.0.1').on('error', () => undefined)
  socket.resume()
  socket.write(line)
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
