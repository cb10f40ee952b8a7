import { notify } from './notify.js'
import { plugins } from './plugins.js'

await notify.run({ plugins })
