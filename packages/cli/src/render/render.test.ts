import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MicroError } from '@microts/core/base'
import type { ServiceState } from '@microts/runner'
import { recordedTerminal } from '../testing.js'
import { renderError } from './error.js'
import { renderLogLine } from './log-line.js'
import { renderServices } from './services.js'
import { renderTable } from './table.js'
import { tryIt } from './try-it.js'

const terminal = recordedTerminal()

const state = (changes: Partial<ServiceState>): ServiceState => ({
  service: 'orders',
  kind: 'own',
  type: 'node',
  state: 'ready',
  driver: 'node',
  urls: ['http://127.0.0.1:40113'],
  ports: {},
  restarts: 0,
  uses: [],
  endpoints: [],
  topics: [],
  samples: {},
  exports: {},
  ...changes,
})

test('renderTable() makes columns as wide as what is in them, colours not counted', () => {
  const text = renderTable(
    ['a', 'long'],
    [
      ['\u001b[32mgreen\u001b[39m', 'x'],
      ['b', ''],
    ],
  )

  assert.equal(text, 'a      long\n\u001b[32mgreen\u001b[39m  x\nb')
})

test('renderError() says what, where, and what to type, and shows no stack', () => {
  const error = new MicroError('invalid_argument', 'Cannot read it: it is wrong', {
    reason: 'WRONG',
    hint: 'Mend it.',
    place: { file: 'micro.yml', line: 3, column: 7 },
  })

  assert.equal(
    renderError(error, terminal),
    '✗ Cannot read it: it is wrong\n  at   micro.yml:3:7\n  fix  Mend it.\n  more docs/errors.md#WRONG',
  )
})

test('renderLogLine() shows a line of pino as level, message and the rest', () => {
  const line = '{"level":40,"time":1,"pid":2,"name":"orders","msg":"slow","ms":12,"who":"Ada Lovelace"}'

  assert.equal(renderLogLine(line, terminal), 'warn slow ms=12 who="Ada Lovelace"')
})

test('renderLogLine() shows a stack only for a failure that has no reason', () => {
  const line = (err: object) => JSON.stringify({ level: 50, msg: 'failed', err })

  assert.equal(
    renderLogLine(line({ message: 'Lost it', reason: 'LOST', stack: 'Error: Lost it\n    at x' }), terminal),
    'error failed err=Lost it',
  )
  assert.match(renderLogLine(line({ message: 'boom', stack: 'Error: boom\n    at x' }), terminal), /at x/)
})

test('renderLogLine() shows any other line as it is, even when it begins with a brace', () => {
  assert.equal(renderLogLine('plain text', terminal), 'plain text')
  assert.equal(renderLogLine('{ not json', terminal), '{ not json')
  assert.equal(renderLogLine('{"no":"level"}', terminal), '{"no":"level"}')
})

test('renderLogLine() takes out escape sequences, so that a log cannot move the cursor or fill the clipboard', () => {
  assert.equal(renderLogLine('a\u001b[2Jb\u001b]52;c;aGk=\u0007c', terminal), 'abc')
  const inJson = renderLogLine(JSON.stringify({ level: 30, msg: 'a\u001b]0;title\u0007b\r\u009bc' }), terminal)
  assert.equal(inJson, 'info a]0;titlebc')
})

test('renderServices() shows each service with its state, how it runs, and where', () => {
  const text = renderServices(
    [
      state({ version: '1.0.0' }),
      state({
        service: 'smtp',
        kind: 'type',
        type: 'mailhog',
        driver: 'embedded',
        urls: ['http://127.0.0.1:8025'],
        ports: { smtp: 1025, http: 8025 },
      }),
    ],
    terminal,
  )

  const [head, orders, smtp] = text.split('\n')
  assert.match(head ?? '', /^service +state +driver +version +urls$/)
  assert.match(orders ?? '', /^orders +ready +node, node +1\.0\.0 +http:\/\/127\.0\.0\.1:40113$/)
  assert.match(smtp ?? '', /http:\/\/127\.0\.0\.1:8025 {2}smtp 127\.0\.0\.1:1025$/)
})

test("renderServices() shows which plugin a type comes from, when one is not Micro's own", () => {
  const plugin = { key: 'github.com/alice/mailhog', revision: 'develop 3f2c1ab90d12' }
  const text = renderServices(
    [state({}), state({ service: 'smtp', kind: 'type', type: 'mailhog', driver: 'native', urls: [], plugin })],
    terminal,
  )

  const [head, orders, smtp] = text.split('\n')
  assert.match(head ?? '', /^service +state +driver +version +plugin +urls$/)
  assert.match(orders ?? '', /^orders +ready +node, node +http:/)
  assert.match(smtp ?? '', /^smtp +ready +mailhog, native +github\.com\/alice\/mailhog develop 3f2c1ab90d12$/)
})

test('tryIt() shows a call that can be pasted, with a quote in it too', () => {
  const lines = tryIt([state({ samples: { 'Orders.Place': { item: "Ada's tea" } } })])

  assert.equal(lines[1], `  npx micro call orders Orders.Place '{"item":"Ada'\\''s tea"}'`)
  assert.match(lines[2] ?? '', /curl -s http:\/\/127\.0\.0\.1:40113\/Orders\.Place/)
  assert.deepEqual(tryIt([state({})]), [])
})
