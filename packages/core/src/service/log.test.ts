import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError, systemClock } from '../base/index.js'
import { processLogger } from './log-process.js'
import { jsonLogger, type Logger, type LoggerOptions } from './log.js'

function logged(log: (logger: Logger) => void, options: Partial<LoggerOptions> = {}): Record<string, unknown>[] {
  const lines: string[] = []
  log(jsonLogger({ write: (line) => void lines.push(line), now: () => 1_767_225_600_000, ...options }))
  assert.ok(lines.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

const errorOf = (line: Record<string, unknown> | undefined) => (line ?? {})['err'] as Record<string, unknown>

test('jsonLogger() writes lines of pino’s shape', () => {
  const lines = logged((log) => log.info({ item: 'tea' }, 'placed'), { bindings: { name: 'orders', pid: 7 } })

  assert.deepEqual(lines, [{ level: 30, time: 1_767_225_600_000, name: 'orders', pid: 7, item: 'tea', msg: 'placed' }])
})

test('jsonLogger() has pino’s number for each level, and writes none below its own', () => {
  const all = logged((log) => ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].forEach((level) => log[level as 'info']('x')), {
    level: 'trace',
  })
  const some = logged((log) => ['debug', 'info', 'warn', 'error'].forEach((level) => log[level as 'info']('x')), { level: 'warn' })
  const none = logged((log) => log.fatal('x'), { level: 'silent' })

  assert.deepEqual(
    [all, some, none].map((lines) => lines.map(({ level }) => level)),
    [[10, 20, 30, 40, 50, 60], [40, 50], []],
  )
})

test('jsonLogger() writes an error with its type, message, code, stack and cause', () => {
  const failure = new MicroError('unavailable', 'Cannot reach it', { reason: 'GONE', hint: 'Start it.', cause: new TypeError('deep') })

  const [line] = logged((log) => log.error({ err: failure }, 'failed'))

  const { err } = line as { err: Record<string, unknown> }
  assert.deepEqual(
    [err['type'], err['message'], err['code'], err['reason'], err['hint']],
    ['MicroError', 'Cannot reach it', 'unavailable', 'GONE', 'Start it.'],
  )
  assert.match(String(err['stack']), /log\.test/)
  assert.equal((err['cause'] as Record<string, unknown>)['type'], 'TypeError')
})

test('jsonLogger() takes an error in the place of the data', () => {
  const [line] = logged((log) => log.error(new Error('boom')))

  assert.equal(line?.['msg'], 'boom')
  assert.equal(errorOf(line)['message'], 'boom')
})

test('jsonLogger() writes the errors of an AggregateError', () => {
  const [line] = logged((log) => log.error({ err: new AggregateError([new Error('v4'), new Error('v6')], 'both') }))

  const { errors } = errorOf(line) as { errors: { message: string }[] }
  assert.deepEqual(
    errors.map(({ message }) => message),
    ['v4', 'v6'],
  )
})

test('jsonLogger() loses no line to a cycle, a BigInt, or a getter that throws', () => {
  const cycle: Record<string, unknown> = { item: 'tea', total: 10n, when: new Date(0), list: [undefined, 1n] }
  cycle['self'] = cycle
  const selfish = new Error('loop')
  selfish.cause = selfish
  const trap = {
    get secret() {
      throw new RangeError('no')
    },
    amount: 1n,
  }

  const [one, two, three] = logged((log) => {
    log.info({ order: cycle }, 'placed')
    log.info({ err: selfish }, 'failed')
    log.info({ trap }, 'trapped')
  })

  assert.deepEqual(one?.['order'], { item: 'tea', total: '10', when: '1970-01-01T00:00:00.000Z', list: [null, '1'], self: '[Circular]' })
  assert.equal(errorOf(two)['cause'], '[Circular]')
  assert.deepEqual([three?.['msg'], three?.['trap']], ['trapped', '[RangeError: no]'])
})

test('jsonLogger() writes a value twice when it stands beside itself', () => {
  const shared = { id: 1n }

  const [line] = logged((log) => log.info({ a: shared, b: shared }))

  assert.deepEqual([line?.['a'], line?.['b']], [{ id: '1' }, { id: '1' }])
})

test('child() adds its bindings to every line', () => {
  const lines = logged((log) => log.child({ request: 1 }).child({ step: 2 }).info({ step: 3 }, 'x'), { bindings: { name: 'orders' } })

  assert.deepEqual(lines, [{ level: 30, time: 1_767_225_600_000, name: 'orders', request: 1, step: 3, msg: 'x' }])
})

test('processLogger() refuses a LOG_LEVEL that is no level', () => {
  assert.throws(() => processLogger('orders', { LOG_LEVEL: 'loud' }, systemClock), {
    code: 'invalid_argument',
    reason: 'ENVIRONMENT_INVALID',
  })
  assert.throws(() => processLogger('orders', { LOG_LEVEL: 'toString' }, systemClock), { reason: 'ENVIRONMENT_INVALID' })
})
