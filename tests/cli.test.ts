import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { micro, startMicro } from './kit/micro.js'
import { makeSandbox, root, type Sandbox } from './kit/sandbox.js'

let sandbox: Sandbox
beforeEach(async () => void (sandbox = await makeSandbox()))
afterEach(() => sandbox.remove())

async function project(text: string): Promise<string> {
  const folder = join(sandbox.folder, 'project')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'micro.yml'), text)
  return folder
}

// A stack has one space behind "at"; the place of an error has three.
const noStack = /\n\s+at \S/

test('micro --version prints the version, and nothing else', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'packages/cli/package.json'), 'utf8')) as { version: string }

  assert.deepEqual(await micro(sandbox, sandbox.folder, ['--version']), { code: 0, out: `${version}\n`, err: '' })
})

test('micro --help begins with an example, and so does the help of every command', async () => {
  const general = await micro(sandbox, sandbox.folder, ['--help'])
  const names = [...general.out.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name ?? '')
  assert.ok(names.length >= 11, general.out)

  const helps = await Promise.all(names.map((name) => micro(sandbox, sandbox.folder, [name, '--help'])))

  for (const { code, out } of [general, ...helps]) {
    assert.equal(code, 0)
    assert.match(out, /^Examples:\n {2}micro /)
    assert.ok(out.split('\n').length < 30, out)
  }
})

test('an unknown option is refused with exit code 2 and the nearest one', async () => {
  const { code, err } = await micro(sandbox, sandbox.folder, ['up', '--detatch'])

  assert.equal(code, 2)
  assert.match(err, /--detach/)
})

test('micro up where there is no project says so, with exit code 3 or 7 and what to type', async () => {
  const { code, err } = await micro(sandbox, sandbox.folder, ['up'])

  assert.equal(code, 3)
  assert.match(err, /micro (?:new|init)/)
  assert.doesNotMatch(err, noStack)
})

test('micro up tells every mistake of a project file with its place, and starts nothing', async () => {
  const folder = await project(
    'name: shop\nservices:\n  orders: { type: nod, path: ./orders }\n  smtp: { type: mailhog, drivr: docker }\n  web: { type: mailhog, needs: [smpt] }\n',
  )

  const { code, err } = await micro(sandbox, folder, ['up'])

  assert.equal(code, 3)
  for (const expected of [/micro\.yml:3:19/, /"node"/, /micro\.yml:4:\d+/, /"driver"/, /micro\.yml:5:\d+/, /"smtp"/])
    assert.match(err, expected)
  assert.doesNotMatch(err, noStack)
  assert.deepEqual(sandbox.processes(), [])
})

test('micro up names the line and column of invalid YAML', async () => {
  const folder = await project('name: shop\nservices:\n  orders: { type: node\n')

  const { code, err } = await micro(sandbox, folder, ['up', '--json'])
  const { out } = await micro(sandbox, folder, ['up', '--json'])

  assert.equal(code, 3)
  assert.match(err + out, /micro\.yml/)
  assert.match(out, /"line":\d+/)
})

test('micro up names the process that has a port which the project file asks for', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const folder = await project(`name: shop\nservices:\n  smtp: { type: mailhog, ports: { http: ${port} } }\n`)

  const { code, err } = await micro(sandbox, folder, ['up'])

  server.close()
  assert.notEqual(code, 0)
  assert.match(err, new RegExp(`${port}`))
  assert.match(err, new RegExp(`${process.pid}`))
  assert.doesNotMatch(err, noStack)
  assert.deepEqual(sandbox.processes(), [])
})

test('a TypeScript error in a service is told with file, line and column', async () => {
  const shop = await sandbox.copyProject('examples/shop', 'shop')
  await writeFile(
    join(shop, 'services/orders/orders.ts'),
    "import { createService } from '@microts/core'\n\nexport const orders = createService({ name: 'orders', }}\n",
  )

  const { code, err } = await micro(sandbox, shop, ['up'])

  assert.equal(code, 1)
  assert.match(err, /orders\.ts:3:\d+/)
  assert.doesNotMatch(err, noStack)
  assert.deepEqual(sandbox.processes(), [])
})

test('a service that throws while it starts is shown with its own stack, and the run ends with exit code 6', async () => {
  const shop = await sandbox.copyProject('examples/shop', 'shop')
  await writeFile(
    join(shop, 'services/orders/main.ts'),
    "import { plugins } from './plugins.js'\nvoid plugins\nthrow new Error('boom at start')\n",
  )

  const { code, out, err } = await micro(sandbox, shop, ['up'])

  assert.equal(code, 6)
  assert.match(out + err, /boom at start/)
  assert.deepEqual(sandbox.processes(), [])
})

test('a handler that throws arrives as internal without its text, and the text is in the log', async () => {
  const shop = await sandbox.copyProject('examples/shop', 'shop')
  const service = join(shop, 'services/orders/orders.ts')
  await writeFile(
    service,
    (await readFile(service, 'utf8')).replace(
      'const id = crypto.randomUUID()',
      "if (order.item === 'bomb') throw new Error('secret detail')\n      const id = crypto.randomUUID()",
    ),
  )
  const run = startMicro(sandbox, shop, ['run', './services/orders'])
  await run.until('running')

  const { code, err } = await micro(sandbox, shop, ['call', 'orders', 'Orders.Place', '{"item":"bomb","quantity":1}'])

  assert.equal(code, 1)
  assert.doesNotMatch(err, /secret detail/)
  assert.match(err, /INTERNAL/)
  await run.until('log', ({ line }) => line.includes('secret detail'))
  await run.end('SIGINT')
})

test('a peer that dies in a call is reported at once as unavailable', async () => {
  const shop = await sandbox.copyProject('examples/shop', 'shop')
  const service = join(shop, 'services/orders/orders.ts')
  await writeFile(
    service,
    (await readFile(service, 'utf8')).replace(
      'const id = crypto.randomUUID()',
      "if (order.item === 'poison') process.kill(process.pid, 'SIGKILL')\n      const id = crypto.randomUUID()",
    ),
  )
  const run = startMicro(sandbox, shop, ['run', './services/orders'])
  await run.until('running')

  const { code, err } = await micro(sandbox, shop, ['call', 'orders', 'Orders.Place', '{"item":"poison","quantity":1}'])

  assert.equal(code, 1)
  assert.match(err, /CONNECTION_LOST/)
  await run.until('restarting')
  await run.end('SIGINT')
})

test('micro call says what is wrong with an input that is no JSON, and with an endpoint that is none', async () => {
  const input = await micro(sandbox, sandbox.folder, ['call', 'orders', 'Orders.Place', '{item:tea}'])
  const endpoint = await micro(sandbox, sandbox.folder, ['call', 'orders', 'Place', '{}'])

  assert.equal(input.code, 2)
  assert.equal(endpoint.code, 2)
  for (const { err } of [input, endpoint]) assert.match(err, /fix/)
})

test('micro ps, down and logs say that nothing runs, with exit code 7', async () => {
  for (const command of ['ps', 'down', 'logs']) {
    const { code, err } = await micro(sandbox, sandbox.folder, [command])

    assert.equal(code, 7, `${command}: ${err}`)
    assert.match(err, /micro up/)
  }
})

test('a failure with --json is one JSON object on standard output', async () => {
  const { code, out, err } = await micro(sandbox, sandbox.folder, ['down', '--json'])

  assert.equal(code, 7)
  assert.equal((JSON.parse(out) as { reason: string }).reason, 'NOT_RUNNING')
  assert.equal(err, '')
})

test('micro init finds the services that are there, and writes nothing twice', async () => {
  const shop = await sandbox.copyProject('examples/shop', 'shop')
  const old = await readFile(join(shop, 'micro.yml'), 'utf8')
  assert.equal((await micro(sandbox, shop, ['init'])).code, 1)
  assert.equal(await readFile(join(shop, 'micro.yml'), 'utf8'), old)

  const repository = join(sandbox.folder, 'there')
  await mkdir(join(repository, 'services/orders'), { recursive: true })
  await writeFile(join(repository, 'services/orders/main.ts'), "import { plugins } from './plugins.js'\nvoid plugins\n")
  const { code, err } = await micro(sandbox, repository, ['init'])

  assert.equal(code, 0, err)
  assert.match(await readFile(join(repository, 'micro.yml'), 'utf8'), /orders: \{ type: node, path: \.\/services\/orders \}/)
  assert.match(await readFile(join(repository, '.gitignore'), 'utf8'), /^\.micro\/$/m)
})

test('a name that cannot be one is refused with one that can', async () => {
  const { code, err } = await micro(sandbox, sandbox.folder, ['new', 'My Shop!'])

  assert.equal(code, 2)
  assert.match(err, /"my-shop"/)
})
