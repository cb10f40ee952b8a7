import { judgeAim, shown, unmeasured, type Aim, type Pair } from '../aims.js'
import type { MeasureOptions } from '../bench.js'
import { publishThrough, requestThrough } from './load.js'
import { startNative, startOurs, type Measured } from './servers.js'

interface Row {
  readonly name: string
  /** Messages that the server hands on, or takes where nobody wants them, for each that is published. */
  readonly each: number
  readonly messages: number
  readonly run: (port: number, messages: number) => Promise<number>
}

const through = (subscribers: number, payloadBytes: number) => (port: number, messages: number) =>
  publishThrough(port, { subscribers, payloadBytes, messages })

const rows: readonly Row[] = [
  { name: '128 B, 1 to 1', each: 1, messages: 600_000, run: through(1, 128) },
  { name: '128 B, 1 to 5', each: 5, messages: 250_000, run: through(5, 128) },
  { name: '1 KiB, 1 to 1', each: 1, messages: 250_000, run: through(1, 1024) },
  { name: '1 KiB, 1 to 5', each: 5, messages: 80_000, run: through(5, 1024) },
  { name: '128 B, publish only', each: 1, messages: 1_000_000, run: through(0, 128) },
  {
    name: '128 B, request and reply',
    each: 2,
    messages: 120_000,
    run: (port, messages) => requestThrough(port, { payloadBytes: 128, messages }),
  },
]
const maxRssMiB = 128

/** The embedded server beside nats-server, under the same load of raw sockets: messages for each second of its own CPU time. */
export async function serverAims({ quick, print, progress }: MeasureOptions): Promise<readonly Aim[]> {
  const ours = await startOurs()
  const native = await startNative()
  const aims: Aim[] = []
  try {
    for (const row of rows) {
      const aim = `server: ${row.name}, messages a CPU second`
      if (native === undefined) {
        aims.push(unmeasured(aim, { atLeast: 1 }, 'undecided', 'needs: nats-server'))
        continue
      }
      progress(row.name)
      const messages = quick ? row.messages / 20 : row.messages
      for (const server of [ours, native]) await row.run(server.port, messages)
      const pairs: (Pair & { readonly walls: Pair })[] = []
      for (let round = 0; round < (quick ? 2 : 10); round++) {
        const order = round % 2 === 0 ? [ours, native] : [native, ours]
        const found = new Map<Measured, { readonly perCpu: number; readonly perSecond: number }>()
        for (const server of order) found.set(server, await measured(server, row, messages))
        const [one, other] = [found.get(ours), found.get(native)]
        if (one === undefined || other === undefined) continue
        pairs.push({ ours: one.perCpu, against: other.perCpu, walls: { ours: one.perSecond, against: other.perSecond } })
      }
      aims.push(judgeAim(aim, pairs, { atLeast: 1 }))
      const seconds = judgeAim(
        row.name,
        pairs.map(({ walls }) => walls),
        { atLeast: 1 },
      )
      print(
        `  ${row.name}: ${shown(seconds.ours ?? 0)} messages a second, nats-server ${shown(seconds.against ?? 0)}, clients on the same cores`,
      )
    }
    aims.push(
      judgeAim(
        'server: resident memory under load, MiB',
        Array.from({ length: 6 }, () => ({ ours: ours.rssMiB(), against: maxRssMiB })),
        { atMost: 1 },
      ),
    )
  } finally {
    await Promise.all([ours.close(), native?.close()])
  }
  return aims
}

async function measured(server: Measured, { run, each }: Row, messages: number) {
  const before = server.cpuMs()
  const ms = await run(server.port, messages)
  // Ten milliseconds are the least that can be told.
  const cpuMs = Math.max(10, server.cpuMs() - before)
  return { perCpu: (messages * each * 1000) / cpuMs, perSecond: (messages * each * 1000) / ms }
}
