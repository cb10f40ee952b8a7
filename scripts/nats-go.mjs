/**
 * nats.go, Go's own client, meets the same at the embedded server and at nats-server.
 *
 * `node --conditions=@microts/source --import tsx scripts/nats-go.mjs`. Without Go, its modules or nats-server it says what is missing and ends well.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { natsServer } from '@microts/core/nats'
import { findNativeServer, startNativeServer } from '../packages/core/src/nats/native-server.fixture.js'

const execute = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'micro-nats-go-'))
const program = join(folder, 'parity')
try {
  const native = findNativeServer()
  const missing = native === undefined ? 'nats-server' : whatIsMissing()
  if (native !== undefined && missing === undefined) await compare(native)
  else console.log(`skipped: needs ${missing}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function whatIsMissing() {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
  } catch {
    return 'go'
  }
  try {
    const cwd = fileURLToPath(new URL('../tests/nats-parity/go/', import.meta.url))
    execFileSync('go', ['build', '-o', program, '.'], { cwd, stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 })
    return undefined
  } catch (error) {
    return `what go.mod names: ${String(error.stderr).trim().split('\n').at(-1)}`
  }
}

/** @param {string} native the path of nats-server */
async function compare(native) {
  const users = [
    { user: 'free', password: 'p' },
    { user: 'ann', password: 'p', permissions: { publish: { deny: ['secret'] }, subscribe: { deny: ['secret'] } } },
  ]
  const settings =
    'authorization { users: [{ user: free, password: p }, { user: ann, password: p, permissions: { publish: { deny: ["secret"] }, subscribe: { deny: ["secret"] } } }] }'
  const ours = [await natsServer({ maxPayloadBytes: 1024 * 1024 }), await natsServer({ users })]
  const theirs = [await startNativeServer(native), await startNativeServer(native, settings)]
  try {
    const [found, wanted] = await Promise.all([ours, theirs].map(heard))
    const differences = found.map((line, index) => [line, wanted[index]]).filter(([one, other]) => one !== other)
    for (const [one, other] of differences) console.log(`embedded:    ${one}\nnats-server: ${other}`)
    if (differences.length > 0 || found.length !== wanted.length || found.length < 20) process.exitCode = 1
    console.log(`${found.length} lines, ${differences.length} differences`)
  } finally {
    await Promise.all([...ours, ...theirs].map((server) => server.close()))
  }
}

async function heard(servers) {
  const { stdout } = await execute(
    program,
    servers.map(({ url }) => url),
    { timeout: 60_000 },
  )
  return stdout.trim().split('\n')
}
