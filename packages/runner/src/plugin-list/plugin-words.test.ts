import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyCatalog, type ServiceTypeManifest } from '../types/manifest.js'
import { readPluginWords } from './plugin-words.js'

const read = (...words: string[]) => readPluginWords(words, { folder: '/shop/services', project: '/shop', catalog: emptyCatalog })

test('readPluginWords() takes words with commas and several of them, each reference once, in order', async () => {
  assert.deepEqual(await read('broker/nats, store/file', 'registry/etcd,broker/nats'), ['broker/nats', 'store/file', 'registry/etcd'])
})

test('readPluginWords() gives the canonical spelling, and paths as the project sees them', async () => {
  const spellings = ['github:Alice/Plugins//broker/kafka:^1.2', 'https://github.com/alice/plugins.git//broker/kafka#^1.2']
  assert.deepEqual(await read(...spellings), ['github.com/alice/plugins//broker/kafka:^1.2'])
  assert.deepEqual(await read('./mailer', '../plugins/shelf/', '../../shared/x', '../'), [
    './services/mailer',
    './plugins/shelf',
    '../shared/x',
    './',
  ])
  assert.deepEqual(await read('npm:@acme/broker-kafka'), ['npm:@acme/broker-kafka'])
})

test('readPluginWords() takes none for no plugin, and only alone', async () => {
  assert.deepEqual(await read('none'), [])
  assert.deepEqual(await read('none,none'), [])
  for (const words of [['none,store/file'], ['store/file', 'none'], [''], ['store/file,'], [',']])
    await assert.rejects(read(...words), { code: 'invalid_argument', reason: 'PLUGIN_WORDS_INVALID' }, words.join('|'))
})

test('readPluginWords() refuses what core has, what is no reference, and what is a type of service', async () => {
  const mailhog = { type: 'mailhog' } as ServiceTypeManifest
  const catalog = { ...emptyCatalog, types: [mailhog] }

  await assert.rejects(read('broker/memory'), { code: 'invalid_argument', reason: 'PLUGIN_BUILT_IN' })
  await assert.rejects(read('micro'), { code: 'invalid_argument', reason: 'PLUGIN_BUILT_IN' })
  await assert.rejects(read('github.com/alice'), { code: 'invalid_argument', reason: 'REF_SYNTAX' })
  await assert.rejects(readPluginWords(['mailhog'], { folder: '/', project: '/', catalog }), {
    code: 'failed_precondition',
    reason: 'PLUGIN_KIND_MISMATCH',
  })
})
