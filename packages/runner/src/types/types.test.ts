import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { MicroError } from '@microts/core/base'
import type { Mistake } from '@microts/source/yaml'
import type { ServiceDefinition } from '../project/project.js'
import { workspace } from '../testing/workspace.js'
import { chooseDriver } from './driver.js'
import { portsOf, type ServiceTypeManifest } from './manifest.js'
import { parseManifest, readCatalog } from './parse.js'
import { portChooser } from './ports.js'
import { fill, unknownPlaceholders } from './template.js'

const manifest = (service: string) =>
  `plugins:\n  - uri: x\n    name: X\n    description: A fixture\n    service:\n${service.replace(/^/gm, '      ')}\n`

const drivers = `type: x
versions: [v1.0.0, v2.1.0, v2]
default: v1.0.0
ports: { http: { port: 80, open: true } }
drivers:
  native: { command: x-server, args: ["--port=\${port.http}"], version: { args: [--version], match: "x ([0-9.]+)" } }
  embedded: { entry: x.mjs, versions: [v1.0.0] }
  docker: { image: "x:\${tag}", tags: { v2.1.0: "2.1" } }
`

const serviceOf = (more: Partial<ServiceDefinition> = {}): ServiceDefinition => ({
  name: 's',
  type: 'x',
  needs: [],
  env: {},
  ports: {},
  keepsData: false,
  interfaces: {},
  place: { file: 'micro.yml', line: 1, column: 1 },
  ...more,
})

// Any program there will do; it is not started.
const systemCommand = ['/usr/local/sbin', '/usr/sbin']
  .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []))
  .find((file) => /^[a-z-]+$/.test(basename(file)) && statSync(file).isFile() && (statSync(file).mode & 0o001) !== 0)

const mistakesOf = (text: string): string[] => {
  try {
    parseManifest(text, '/x/micro.plugin.yml')
    return []
  } catch (error) {
    assert.ok(MicroError.is(error))
    assert.equal(error.reason, 'INVALID_MANIFEST')
    return ((error.details?.['mistakes'] ?? []) as Mistake[]).map(({ reason }) => reason)
  }
}

test('parseManifest() reads a type with its drivers in their order', () => {
  const { types } = parseManifest(manifest(drivers), '/x/micro.plugin.yml')

  assert.deepEqual(types[0]?.driverOrder, ['native', 'embedded', 'docker'])
  assert.deepEqual(types[0].ports, { http: { port: 80, open: true } })
  assert.equal(types[0].defaultVersion, 'v1.0.0')
  assert.deepEqual(types[0].drivers.native?.args, ['--port=${port.http}'])
})

test('parseManifest() passes over entries that only point to a repository', () => {
  const text =
    'plugins:\n  - { uri: mailhog, name: Mailhog, description: Core }\n  - { uri: github.com/alice/mailhog, name: M, description: Hers }\n'

  assert.deepEqual(parseManifest(text, '/x/micro.plugin.yml'), { types: [], implementations: [] })
})

test('parseManifest() reads an implementation, its options from a file beside it', (t) => {
  const { folder, write } = workspace(t, { 'options.schema.json': '{"type":"object","properties":{"path":{"type":"string"}}}' })
  const text = `plugins:\n  - { uri: store/file, name: F, description: D, api: ^1, implementation: { kind: store, name: file, entry: dist/index.js, options: options.schema.json } }\n`

  const { implementations } = readCatalog([write('micro.plugin.yml', text)])

  assert.deepEqual(implementations, [
    {
      kind: 'store',
      word: 'file',
      uri: 'store/file',
      name: 'F',
      description: 'D',
      api: '^1',
      file: join(folder, 'micro.plugin.yml'),
      entry: 'dist/index.js',
      options: { type: 'object', properties: { path: { type: 'string' } } },
    },
  ])
})

test('parseManifest() refuses options that cannot be checked, in the manifest and in a file, and files of others', (t) => {
  const { folder, write } = workspace(t, {
    'plugin/no.json': '{',
    'plugin/other.json': '{"type":"object","oneOf":[]}',
    'secret.json': '{}',
  })
  const mistakesFor = (options: string, entry = 'index.js') => {
    const text = `plugins:\n  - { uri: x, name: X, description: D, implementation: { kind: store, name: x, entry: ${entry}, options: ${options} } }\n`
    try {
      readCatalog([write('plugin/micro.plugin.yml', text)])
      return []
    } catch (error) {
      assert.ok(MicroError.is(error))
      return ((error.details?.['mistakes'] ?? []) as Mistake[]).map(({ reason }) => reason)
    }
  }

  assert.deepEqual(mistakesFor('no.json'), ['BAD_OPTIONS'])
  assert.deepEqual(mistakesFor('other.json'), ['BAD_OPTIONS'])
  assert.deepEqual(mistakesFor('{ type: object, properties: { a: { type: date } } }'), ['BAD_OPTIONS'])
  assert.deepEqual(mistakesFor('../secret.json'), ['PATH_OUTSIDE'])
  assert.deepEqual(mistakesFor(join(folder, 'secret.json')), ['PATH_OUTSIDE'])
  assert.deepEqual(mistakesFor('{ type: object, properties: {} }', '../index.js'), ['PATH_OUTSIDE'])
  assert.deepEqual(mistakesFor('{ type: object, properties: {} }'), [])
})

test('parseManifest() refuses what cannot be right', () => {
  const base = 'type: x\nports: { http: { port: 80 } }\n'
  const embedded = 'drivers: { embedded: { entry: x.mjs } }\n'

  assert.deepEqual(mistakesOf(manifest(`${base}drivers: {}`)), ['DRIVER_MISSING'])
  assert.deepEqual(mistakesOf(manifest(`${base}${embedded}versions: [1.0]`)), ['WRONG_TYPE'])
  assert.deepEqual(mistakesOf(manifest(`${base}${embedded}versions: [v1]\ndefault: v2`)), ['UNKNOWN_VERSION'])
  assert.deepEqual(mistakesOf(manifest(`${base}${embedded}ready: { tcp: { port: smtp } }`)), ['UNKNOWN_PORT'])
  assert.deepEqual(mistakesOf(manifest(`${base}${embedded}exports: { A: "\${port.smtp}" }`)), ['UNKNOWN_PLACEHOLDER'])
  assert.deepEqual(mistakesOf(manifest(`${base}${embedded}provides: { broker: nats }`)), ['BAD_PROVIDES'])
  assert.deepEqual(mistakesOf(manifest(`${base}drivers: { native: { command: x, version: { args: [], match: "(" } } }`)), [
    'BAD_EXPRESSION',
  ])
  assert.deepEqual(mistakesOf('plugins: [ { uri: x } ]'), ['MISSING_KEY', 'MISSING_KEY'])
})

test('parseManifest() lets a port belong to some drivers, whose arguments alone may name it', () => {
  const type = (rest: string) => `type: x
ports: { client: { port: 1 }, monitor: { port: 2, drivers: [native] } }
drivers: { native: { command: x, args: ["\${port.monitor}"] }, embedded: { entry: x.mjs } }
${rest}`
  const { types } = parseManifest(manifest(type('')), '/x/micro.plugin.yml')

  assert.deepEqual(portsOf(types[0] as ServiceTypeManifest), ['client'])
  assert.deepEqual(portsOf(types[0] as ServiceTypeManifest, 'native'), ['client', 'monitor'])
  assert.deepEqual(mistakesOf(manifest(type('ready: { tcp: { port: monitor } }'))), ['UNKNOWN_PORT'])
  assert.deepEqual(mistakesOf(manifest(type('exports: { A: "${port.monitor}" }'))), ['UNKNOWN_PLACEHOLDER'])
  assert.deepEqual(mistakesOf(manifest(type('').replace('[native]', '[docker]'))), ['UNKNOWN_DRIVER', 'UNKNOWN_PLACEHOLDER'])
  assert.deepEqual(mistakesOf(manifest(type('').replace('[native]', '[nativ]'))), ['UNKNOWN_WORD'])
})

test('readCatalog() refuses a type that two manifests have', (t) => {
  const { write } = workspace(t)
  const files = ['a', 'b'].map((name) => write(`${name}/micro.plugin.yml`, manifest('type: x\ndrivers: { embedded: { entry: x } }')))

  assert.throws(() => readCatalog(files), { code: 'invalid_argument', reason: 'INVALID_MANIFEST' })
})

test('chooseDriver() takes the first of the manifest that can honour the version, and says why', async (t) => {
  const { folder, write } = workspace(t, { 'x.mjs': '' })
  const [type] = readCatalog([write('micro.plugin.yml', manifest(drivers))]).types as [ServiceTypeManifest]
  const nothing = { env: { PATH: join(folder, 'bin') } }
  const embedded = await chooseDriver(serviceOf(), type, nothing)
  chmodSync(write('bin/x-server', '#!/bin/sh\necho "this is x 2.1.0, no less"\n'), 0o755)

  const native = await chooseDriver(serviceOf(), type, nothing)
  const newer = await chooseDriver(serviceOf({ version: 'v2.1.0' }), type, nothing)
  const major = await chooseDriver(serviceOf({ version: 'v2' }), type, nothing)
  const older = await chooseDriver(serviceOf({ version: 'v1.0.0' }), type, nothing)
  const preferred = await chooseDriver(serviceOf(), type, { ...nothing, prefer: 'embedded' })

  assert.equal(embedded.driver, 'embedded')
  assert.match(embedded.why, /x-server is not on the PATH/)
  assert.equal(native.driver === 'native' && native.command, join(folder, 'bin/x-server'))
  assert.equal(native.version, 'v2.1.0')
  assert.equal(newer.driver, 'native')
  assert.equal(major.driver, 'native')
  assert.equal(major.version, 'v2.1.0')
  assert.equal(older.driver, 'embedded')
  assert.match(older.why, /2\.1\.0, not v1\.0\.0/)
  assert.equal(preferred.why, 'preferred')
})

test('chooseDriver() takes a command only when the others that it needs are there too', async (t) => {
  const { folder, write } = workspace(t)
  const text = 'type: x\ndrivers: { native: { command: x-shell, needs: [x-server, x-names] } }\n'
  const [type] = readCatalog([write('micro.plugin.yml', manifest(text))]).types as [ServiceTypeManifest]
  const env = { PATH: join(folder, 'bin') }
  for (const name of ['x-shell', 'x-server']) chmodSync(write(`bin/${name}`, '#!/bin/sh\n'), 0o755)

  await assert.rejects(chooseDriver(serviceOf(), type, { env }), { code: 'failed_precondition', reason: 'NO_DRIVER' })
  chmodSync(write('bin/x-names', '#!/bin/sh\n'), 0o755)
  const chosen = await chooseDriver(serviceOf(), type, { env })

  assert.equal(chosen.driver === 'native' && chosen.command, join(folder, 'bin/x-shell'))
})

test('chooseDriver() refuses what none can honour, with each one’s reason', async (t) => {
  const { folder, write } = workspace(t, { 'x.mjs': '' })
  const [type] = readCatalog([write('micro.plugin.yml', manifest(drivers))]).types as [ServiceTypeManifest]
  const nothing = { env: { PATH: join(folder, 'bin') } }

  await assert.rejects(chooseDriver(serviceOf({ version: 'v2' }), type, nothing), { code: 'failed_precondition', reason: 'NO_DRIVER' })
  await assert.rejects(chooseDriver(serviceOf({ version: 'v2.1.0' }), type, nothing), {
    code: 'unimplemented',
    reason: 'DRIVER_UNSUPPORTED',
  })
  await assert.rejects(chooseDriver(serviceOf({ driver: 'native' }), type, nothing), { code: 'failed_precondition', reason: 'NO_DRIVER' })
})

test(
  'chooseDriver() finds a command where systems keep servers and the PATH does not look',
  { skip: systemCommand === undefined && 'needs: a program in /usr/sbin' },
  async (t) => {
    const { write } = workspace(t)
    const text = `type: x\ndrivers: { native: { command: ${basename(systemCommand ?? '')} } }\n`
    const [type] = readCatalog([write('micro.plugin.yml', manifest(text))]).types as [ServiceTypeManifest]

    const chosen = await chooseDriver(serviceOf(), type, { env: { PATH: '/nowhere' } })

    assert.equal(chosen.driver === 'native' && chosen.command, systemCommand)
    assert.equal(chosen.version, undefined)
  },
)

test('portChooser() gives each port once, the same again, below the ports of outgoing connections', async (t) => {
  const { folder } = workspace(t)
  const service = serviceOf()
  const first = portChooser(folder)
  const ports = await Promise.all(['a', 'b', 'c'].map((port) => first.choose(service, port)))
  first.remember()

  const again = await Promise.all(['a', 'b', 'c'].map((port) => portChooser(folder).choose(service, port)))

  assert.equal(new Set(ports).size, 3)
  assert.deepEqual(again, ports)
  assert.ok(ports.every((port) => port >= 20_000 && port < 32_000))
})

test('fill() fills in what it knows, and unknownPlaceholders() names the rest', () => {
  assert.equal(fill('${a}:${port.http}/${b}', { a: 'x', 'port.http': 80 }), 'x:80/${b}')
  assert.deepEqual(unknownPlaceholders('${a} ${b}', ['a']), ['${b}'])
})
