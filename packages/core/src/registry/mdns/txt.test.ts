import assert from 'node:assert/strict'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { decodeText, encodeText, type NodeText } from './txt.js'

const text: NodeText = { service: 'orders', version: '1.0.0', metadata: { protocol: 'mucp' }, endpoints: [], serviceMetadata: {} }

test('encodeText() writes lower-case hex in strings of 255 and a rest', () => {
  const metadata = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key${index}`, `${index * 7919}`]))

  const strings = encodeText({ ...text, metadata }, zlib)

  assert.ok(strings.length > 2)
  assert.deepEqual(
    strings.slice(0, -1).map((one) => one.length),
    strings.slice(1).map(() => 255),
  )
  assert.match(strings.join(''), /^789c[0-9a-f]+$/)
  assert.deepEqual(decodeText(strings, zlib)?.metadata, metadata)
})

test('encodeText() carries the metadata of the service, and adds nothing when there is none', () => {
  const json = (node: NodeText) => zlib.inflateSync(Buffer.from(encodeText(node, zlib).join(''), 'hex')).toString()

  assert.equal(json(text), '{"Metadata":{"protocol":"mucp"},"Service":"orders","Version":"1.0.0","Endpoints":null}')
  assert.deepEqual(decodeText(encodeText({ ...text, serviceMetadata: { team: 'shop' } }, zlib), zlib)?.serviceMetadata, { team: 'shop' })
})

test('decodeText() takes absent and null maps and lists as empty', () => {
  assert.deepEqual(decodeText(pack('{"Service":"orders","Metadata":null,"Endpoints":null}'), zlib), { ...text, version: '', metadata: {} })
})

test('decodeText() gives undefined for what is not go-micro text', () => {
  const texts = [[], [''], ['abc'], ['zz'], ['00ff'], ['path=/', 'x=y'], pack('no json'), pack('null'), pack('[]'), pack('{"Service":""}')]

  for (const strings of texts) assert.equal(decodeText(strings, zlib), undefined)
})

test('decodeText() does not inflate a bomb', () => {
  const bomb = pack(`{"Service":"orders","Version":"${'a'.repeat(5_000_000)}"}`)
  assert.ok(bomb.join('').length < 20_000)

  assert.equal(decodeText(bomb, zlib), undefined)
})

function pack(json: string): string[] {
  return [zlib.deflateSync(json).toString('hex')]
}
