import { createService, endpoint } from '@microts/core'

await createService({ name: 'hello', endpoints: { 'Hello.Hi': endpoint({}, async () => ({ hi: 'there' })) } }).run({ plugins: [] })
