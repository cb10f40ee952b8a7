import assert from 'node:assert/strict'
import { MicroError, type Code } from '../../base/index.js'
import type { ConformanceCase } from '../../testing/index.js'
import type { Connection, Frame, Listener, ListenOptions, Transport, TransportFeature } from '../transport.js'

/** A case of this suite. */
export type Case = ConformanceCase<Transport, TransportFeature>

/** Any free port on this machine only. */
export const anywhere = '127.0.0.1:0'

/** A frame with a text as its body. */
export function frame(text: string, header: Frame['header'] = { 'micro-endpoint': 'Say.Hello' }): Frame {
  return { header, body: new TextEncoder().encode(text) }
}

/** The body of a frame, as text. */
export function textOf(received: Frame | undefined): string | undefined {
  return received === undefined ? undefined : new TextDecoder().decode(received.body)
}

/** Answers every frame with `answer` of it, until the connection ends. */
export function answering(answer: (received: Frame) => Frame | Promise<Frame>): (connection: Connection) => void {
  const serve = async (connection: Connection) => {
    for (;;) {
      const received = await connection.receive()
      if (received === undefined) return
      await connection.send(await answer(received))
    }
  }
  // A connection that breaks off ends the loop; what matters of it is seen at the other end.
  return (connection) => void serve(connection).catch(() => undefined)
}

/** A listener that sends every frame back. */
export function echo(transport: Transport, options?: ListenOptions): Promise<Listener> {
  return transport.listen(
    anywhere,
    answering((received) => ({ header: { 'micro-id': '1' }, body: received.body })),
    options,
  )
}

/** One frame there, one back. */
export async function exchange(connection: Connection, sent: Frame): Promise<Frame | undefined> {
  await connection.send(sent)
  return connection.receive()
}

/** `attempt` rejects with a MicroError of this code and reason. */
export async function fails(attempt: Promise<unknown>, code: Code, ...reasons: readonly string[]): Promise<void> {
  const outcome = await attempt.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  assert.ok('error' in outcome, `was to be refused with ${code}`)
  assert.ok(MicroError.is(outcome.error), `was refused with something that is no MicroError: ${String(outcome.error)}`)
  assert.equal(outcome.error.code, code)
  if (reasons.length > 0)
    assert.ok(reasons.includes(outcome.error.reason), `reason ${outcome.error.reason}, wanted ${reasons.join(' or ')}`)
}
