import { plugins } from './plugins.js'
import { {{variable}} } from './{{name}}.js'

await {{variable}}.run({ plugins })
