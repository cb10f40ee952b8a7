import { orders } from './orders.js'
import { plugins } from './plugins.js'

await orders.run({ plugins })
