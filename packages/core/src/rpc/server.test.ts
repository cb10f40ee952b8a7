import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deadlineAfter, MicroError, type StandardSchemaV1 } from '../base/index.js'
import { testClock, type TestClock } from '../testing/index.js'
import { memoryTransport } from '../transport/memory.js'
import type { Frame, Transport } from '../transport/transport.js'
import type { Call, Interceptor } from './call.js'
import type { Endpoint } from './endpoint.js'
import { serve, type RpcServer, type ServeOptions } from './server.js'

const text = new TextEncoder()

interface Fixture {
  readonly server: RpcServer
  readonly clock: TestClock
  readonly transport: Transport
  ask(endpoint: string, input?: unknown, header?: Record<string, string>): Promise<Frame>
}

async function started(endpoints: readonly Endpoint[], options: Partial<ServeOptions> = {}): Promise<Fixture> {
  const clock = testClock()
  const transport = memoryTransport()
  const server = await serve({ service: 'orders', endpoints, transport, address: 'orders:0', clock, ...options })
  const ask = async (endpoint: string, input?: unknown, header: Record<string, string> = {}) => {
    const connection = await transport.open(server.address)
    const body = input === undefined ? new Uint8Array(0) : text.encode(JSON.stringify(input))
    await connection.send({ header: { 'content-type': 'application/json', 'micro-endpoint': endpoint, ...header }, body })
    const answer = await connection.receive()
    assert.ok(answer, 'no answer')
    return answer
  }
  return { server, clock, transport, ask }
}

function outputOf(answer: Frame): unknown {
  assert.equal(answer.header['micro-error'], undefined)
  return JSON.parse(new TextDecoder().decode(answer.body)) as unknown
}

function errorOf(answer: Frame): { code: string; reason: string; hint?: string; details?: Record<string, unknown>; refused?: boolean } {
  return (JSON.parse(answer.header['micro-error'] ?? '{"micro":{}}') as { micro: ReturnType<typeof errorOf> }).micro
}

/** Takes `{ name: string }`; an unknown key is stripped. */
function named(isAsync = false): StandardSchemaV1 {
  const validate = (value: unknown) => {
    const name = (value as { name?: unknown } | null | undefined)?.name
    return typeof name === 'string' ? { value: { name } } : { issues: [{ message: 'a string is wanted', path: ['name'] }] }
  }
  return { '~standard': { version: 1, vendor: 'test', validate: isAsync ? async (value) => validate(value) : validate } }
}

test('serve() gives the endpoint what its schema made of the input', async () => {
  for (const isAsync of [false, true]) {
    const { ask } = await started([{ name: 'A.B', input: named(isAsync), handle: (input) => input }])

    assert.deepEqual(outputOf(await ask('A.B', { name: 'tea', extra: 1 })), { name: 'tea' })
  }
})

test('serve() answers an input that does not fit with SCHEMA_MISMATCH and its issues', async () => {
  const { ask } = await started([{ name: 'A.B', input: named(), handle: () => assert.fail('was run') }])

  for (const input of [undefined, {}, { name: 1 }, [], null]) {
    const error = errorOf(await ask('A.B', input))

    assert.equal(error.code, 'invalid_argument')
    assert.equal(error.reason, 'SCHEMA_MISMATCH')
    assert.deepEqual(error.details?.['issues'], ['name: a string is wanted'])
  }
})

test('serve() takes an empty body for undefined, and for {} where the schema takes no undefined', async () => {
  const object: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => (value === undefined ? { issues: [{ message: 'an object' }] } : { value }),
    },
  }
  const { ask } = await started([
    { name: 'A.Plain', handle: (input) => ({ got: input === undefined }) },
    { name: 'A.Schema', input: object, handle: (input) => ({ got: input }) },
  ])

  assert.deepEqual(outputOf(await ask('A.Plain')), { got: true })
  assert.deepEqual(outputOf(await ask('A.Schema')), { got: {} })
})

test('serve() checks the output, and tells its mistake to the log and not to the caller', async () => {
  const told: string[] = []
  const onError = (error: MicroError, call: { endpoint: string }) => told.push(`${call.endpoint} ${error.reason}`)
  const endpoints = [
    { name: 'A.Sync', output: named(), handle: () => ({ name: 1 }) },
    { name: 'A.Async', output: named(true), handle: async () => ({}) },
    { name: 'A.Bigint', handle: () => ({ id: 1n }) },
  ]
  const { ask } = await started(endpoints, { onError })

  assert.equal(errorOf(await ask('A.Sync')).reason, 'OUTPUT_MISMATCH')
  assert.equal(errorOf(await ask('A.Async')).reason, 'OUTPUT_MISMATCH')
  assert.equal(errorOf(await ask('A.Bigint')).reason, 'OUTPUT_NOT_ENCODABLE')
  assert.deepEqual(told, ['A.Sync OUTPUT_MISMATCH', 'A.Async OUTPUT_MISMATCH', 'A.Bigint OUTPUT_NOT_ENCODABLE'])
})

test('serve() keeps the text of what a handler throws on the server, unless it is a MicroError', async () => {
  const causes: unknown[] = []
  const endpoints = [
    {
      name: 'A.Sync',
      handle() {
        throw new Error('password=secret')
      },
    },
    { name: 'A.Async', handle: () => Promise.reject(new TypeError('password=secret')) },
    {
      name: 'A.Said',
      handle() {
        throw new MicroError('not_found', 'No such order', { reason: 'ORDER_NOT_FOUND', hint: 'look', details: { id: 1 } })
      },
    },
  ]
  const { ask } = await started(endpoints, { onError: (error) => causes.push((error.cause as Error).message) })

  for (const name of ['A.Sync', 'A.Async']) {
    const answer = await ask(name)
    assert.deepEqual([errorOf(answer).code, errorOf(answer).reason], ['internal', 'INTERNAL'])
    assert.doesNotMatch(answer.header['micro-error'] ?? '', /secret/)
  }
  const said = errorOf(await ask('A.Said'))
  assert.deepEqual([said.code, said.reason, said.hint, said.details], ['not_found', 'ORDER_NOT_FOUND', 'look', { id: 1 }])
  assert.deepEqual(causes, ['password=secret', 'password=secret'])
})

test('serve() runs interceptors outermost first, before the input is decoded, with the endpoint by its own name', async () => {
  const seen: string[] = []
  const noting =
    (name: string): Interceptor =>
    (next) =>
    async (call) => {
      seen.push(`${name} ${call.endpoint}`)
      const reply = await next({ ...call, metadata: { ...call.metadata, [name]: 'yes' } })
      return { ...reply, metadata: { ...reply.metadata, [`x-${name}`]: 'ü' } }
    }
  const { ask } = await started([{ name: 'A.B', handle: (_, call) => call.metadata }], {
    interceptors: [noting('first'), noting('second')],
  })

  const answer = await ask('a.b', {}, { colour: 'red', timeout: '1000000000' })

  assert.deepEqual(seen, ['first A.B', 'second A.B'])
  assert.deepEqual(outputOf(answer), { 'content-type': 'application/json', colour: 'red', first: 'yes', second: 'yes' })
  assert.equal(answer.header['x-first'], 'ü')
})

test('serve() decodes no input of a call that an interceptor refuses', async () => {
  const refuse: Interceptor = () => () => Promise.reject(new MicroError('unauthenticated', 'Who are you', { reason: 'TOKEN_MISSING' }))
  const { transport, server } = await started([{ name: 'A.B', handle: () => assert.fail('was run') }], { interceptors: [refuse] })
  const connection = await transport.open(server.address)

  await connection.send({ header: { 'content-type': 'application/json', 'micro-endpoint': 'A.B' }, body: text.encode('{not json') })

  assert.equal(errorOf((await connection.receive()) as Frame).reason, 'TOKEN_MISSING')
})

test('serve() gives the time that the caller has left, and ends the call when it is over', async () => {
  let call: Call | undefined
  const never: Endpoint = { name: 'A.B', handle: (_, one) => new Promise(() => (call = one)) }
  const { ask, clock, server } = await started([never])

  const answer = ask('A.B', {}, { timeout: '150000000' })
  await clock.advance(149)
  assert.equal(call?.deadline.timeoutMs, 150)
  assert.equal(server.pending, 1)
  const { signal } = call
  await clock.advance(1)

  assert.equal(errorOf(await answer).reason, 'DEADLINE_EXCEEDED')
  assert.equal((signal.reason as MicroError).reason, 'DEADLINE_EXCEEDED')
  assert.equal(server.pending, 0)
  assert.equal(clock.pending, 0)
})

test('serve() does not begin a call whose time is used up by what comes before the handler', async () => {
  let release: () => void = () => undefined
  const slow: Interceptor = (next) => async (call) => {
    await new Promise<void>((resolve) => (release = resolve))
    return next({ ...call, deadline: deadlineAfter(-1, clock) })
  }
  const { ask, clock } = await started([{ name: 'A.B', handle: () => assert.fail('was run') }], { interceptors: [slow] })
  const answer = ask('A.B', {})
  await clock.advance(0)

  release()

  assert.equal(errorOf(await answer).code, 'deadline_exceeded')
})

test('serve() makes the signal of a call only when it is read, also after the end', async () => {
  const calls: Call[] = []
  const { ask, clock } = await started([{ name: 'A.B', handle: (_, call) => new Promise(() => calls.push(call)) }])
  const answer = ask('A.B', {}, { timeout: '1000000' })

  await clock.advance(1)
  await answer

  assert.equal(calls[0]?.signal.aborted, true)
})

test('serve() aborts the call of a caller that hangs up', async () => {
  let call: Call | undefined
  const { transport, server, clock } = await started([{ name: 'A.B', handle: (_, one) => new Promise(() => (call = one)) }])
  const connection = await transport.open(server.address)
  await connection.send({ header: { 'content-type': 'application/json', 'micro-endpoint': 'A.B' }, body: text.encode('{}') })
  await clock.advance(0)
  const signal = call?.signal

  await connection.close()
  await clock.advance(0)

  assert.equal((signal?.reason as MicroError | undefined)?.code, 'canceled')
  assert.equal(server.pending, 0)
})

test('drain() refuses new calls so that they go elsewhere, and waits for those in work', async () => {
  let finish: () => void = () => undefined
  const { ask, server } = await started([{ name: 'A.B', handle: () => new Promise((resolve) => (finish = () => resolve({ done: true }))) }])
  const answer = ask('A.B')
  while (server.pending === 0) await new Promise((resolve) => setImmediate(resolve))

  let isDrained = false
  const drained = server.drain(1000).then(() => (isDrained = true))
  const refused = errorOf(await ask('A.B'))
  assert.equal(isDrained, false)
  finish()

  assert.deepEqual(outputOf(await answer), { done: true })
  await drained
  assert.deepEqual([refused.code, refused.reason, refused.refused], ['unavailable', 'DRAINING', true])
})

test('drain() gives up after its cap, and close() ends what is left', async () => {
  const { ask, server, clock } = await started([{ name: 'A.B', handle: () => new Promise(() => undefined) }])
  const answer = ask('A.B')
  await clock.advance(0)

  const drained = server.drain(500)
  await clock.advance(500)
  await drained
  assert.equal(server.pending, 1)
  await server.close()

  assert.equal(errorOf(await answer).reason, 'SERVER_CLOSED')
})

test('an error with DRAINING that a handler passes on is not marked as safe to send elsewhere', async () => {
  const draining = new MicroError('unavailable', 'x', { reason: 'DRAINING' })
  const { ask } = await started([{ name: 'A.B', handle: () => Promise.reject(draining) }])

  const error = errorOf(await ask('A.B'))

  assert.equal(error.reason, 'DRAINING')
  assert.equal(error.refused, undefined)
})

test('serve() refuses streams, pages in browsers, unknown topics and calls of nothing', async () => {
  const { ask, transport, server } = await started([{ name: 'A.B', handle: () => assert.fail('was run') }])

  assert.equal(errorOf(await ask('A.B', {}, { 'micro-stream': '1' })).reason, 'STREAMS_NOT_SUPPORTED')
  assert.equal(errorOf(await ask('A.B', {}, { origin: 'http://evil.example' })).reason, 'CROSS_SITE')
  assert.equal(errorOf(await ask('', {}, { 'micro-topic': 'x' })).reason, 'TOPIC_NOT_SUBSCRIBED')
  const connection = await transport.open(server.address)
  await connection.send({ header: { 'content-type': 'application/json', 'micro-id': '1' }, body: text.encode('{"id":1}') })
  assert.equal(errorOf((await connection.receive()) as Frame).reason, 'ENDPOINT_MISSING')
})

test('serve() answers a reply that cannot be carried with why', async () => {
  const bad: Interceptor = (next) => async (call) => ({ ...(await next(call)), metadata: { x: 'a\r\nb' } })
  const { ask } = await started([{ name: 'A.B', handle: () => ({}) }], { interceptors: [bad] })

  assert.equal(errorOf(await ask('A.B')).reason, 'HEADER_INVALID')
})
