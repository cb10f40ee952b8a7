import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bytesOf, record, scenarios, show } from './vectors.fixture.js'

const page = readFileSync(new URL('../../../../../docs/protocol.md', import.meta.url), 'utf8')
const vectors = new Map(
  [...page.matchAll(/^```vector (.+)\n([^]*?)^```$/gm)].map(([, name, text]) => [name as string, (text as string).trim().split('\n')]),
)

test('docs/protocol.md has a vector for every scenario, and no other', () => {
  assert.deepEqual([...vectors.keys()], Object.keys(scenarios))
})

for (const [name, lines] of vectors) {
  test(`docs/protocol.md: both ends write what the vector "${name}" says`, async () => {
    const found = await record(name)

    for (const [side, sent] of [
      ['C', found.client],
      ['S', found.server],
    ] as const) {
      const wanted = Buffer.concat(lines.filter((line) => line.startsWith(`${side} `)).map((line) => bytesOf(line.slice(2))))
      const isIntroduction = name === 'introduction'
      assert.deepEqual(show(sent, side, isIntroduction && sent.length > 0), show(wanted, side, isIntroduction && wanted.length > 0))
      assert.ok(sent.equals(wanted))
    }
  })
}
