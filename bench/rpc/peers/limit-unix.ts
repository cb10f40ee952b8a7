import { join } from 'node:path'
import { handWritten } from './limit.js'

export const peer = handWritten(() => join(process.env['BENCH_FOLDER'] ?? '.', `limit-${process.pid}.sock`))
