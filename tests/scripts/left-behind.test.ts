import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

interface Process {
  readonly pid: number
  readonly command: string
}
interface LeftBehind {
  readonly processesIn: (folder: string) => Process[]
  readonly listeningPorts: (processes?: readonly Process[]) => number[]
}
const { processesIn, listeningPorts } = (await import(new URL('../../scripts/left-behind.mjs', import.meta.url).href)) as LeftBehind

const listening = `const { createServer } = require('node:net'); const server = createServer().listen(0, '127.0.0.1', () => console.log(server.address().port))`

test('processesIn() and listeningPorts() see a process of a folder with its port, and neither once it has ended', async (t) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'micro-left-')))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const child = spawn(process.execPath, ['-e', listening], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())

  const found = processesIn(folder)

  assert.deepEqual(
    found.map(({ pid }) => pid),
    [child.pid],
  )
  assert.deepEqual(listeningPorts(found), [port])
  assert.ok(listeningPorts().includes(port))

  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.deepEqual(processesIn(folder), [])
  assert.equal(listeningPorts().includes(port), false)
})
