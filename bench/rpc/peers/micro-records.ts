import { existsSync } from 'node:fs'
import type { PluginEntry } from '@microts/core'
import { isPayload, ours } from '../ours.js'

// Bundled beside this one when the repository has the plugin.
const file = new URL('../codec-msgpack.js', import.meta.url)

const entry: PluginEntry = {
  manifest: { reference: 'codec/msgpack', kind: 'codec', name: 'msgpack', api: '^1.0' },
  load: async () => (await import(file.href)) as { default: unknown },
}

if (!existsSync(file)) throw new Error('there is no codec/msgpack')
export const peer = ours({ codec: 'msgpack', plugins: [entry], over: 'tcp', accepts: isPayload })
