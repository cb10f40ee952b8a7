import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { formatReference } from './format.js'
import { parseReference } from './parse.js'

for (const page of ['../../../../docs/plugins-from-git.md', '../../README.md'])
  test(`every reference in the table of ${page.split('/').at(-1) ?? page} is one, and is read the same again`, () => {
    const text = readFileSync(new URL(page, import.meta.url), 'utf8')
    const table = text.slice(text.indexOf('| written | means |')).split('\n\n')[0] ?? ''
    const written = table
      .split('\n')
      .slice(2)
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, reference = '']) => reference))

    assert.ok(written.length >= 10, String(written.length))
    for (const reference of written) {
      const parsed = parseReference(reference)
      assert.deepEqual(parseReference(formatReference(parsed)), parsed, reference)
    }
  })
