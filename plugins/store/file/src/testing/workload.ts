/**
 * A program for tests to kill: puts numbered records into a store, several at a time, and says on its output what was acknowledged.
 * `node workload.ts <folder> <puts> <at a time>`. The store is so small that it is compacted on the way. Puts of 0: it opens the store and waits.
 */
import { argv, stdin, stdout } from 'node:process'
import { writeSync } from 'node:fs'
import { fileStore } from '../file-store.js'

const [folder = '', puts = '', atATime = ''] = argv.slice(2)
const store = await fileStore({ folder, maxSegmentBytes: 600, minGarbageBytes: 700 })
// Not through the stream, which would keep what was said in memory when the process is killed.
const say = (line: string) => writeSync(stdout.fd, `${line}\n`)

say('open')
if (puts === '0') await new Promise((resolve) => stdin.on('end', resolve).resume())
for (let from = 0; from < Number(puts); from += Number(atATime)) {
  const group = Array.from({ length: Math.min(Number(atATime), Number(puts) - from) }, (_, index) => from + index)
  await Promise.all(
    group.map(async (number) => {
      await store.put(`key ${number % 5}`, new TextEncoder().encode(`${number}:${'x'.repeat(number * 3)}`))
      say(`ack ${number}`)
    }),
  )
}
await store.close()
say('closed')
