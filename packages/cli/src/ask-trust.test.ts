import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrustQuestion } from '@microts/source'
import { askTrust } from './ask-trust.js'
import { renderAge } from './render/trust-question.js'
import { recordedTerminal } from './testing.js'

const dayMs = 24 * 60 * 60 * 1000
const question = (changes: Partial<TrustQuestion> = {}): TrustQuestion => ({
  source: 'github.com/alice/mailhog',
  revision: 'develop',
  commit: 'c'.repeat(40),
  ageMs: 3 * dayMs,
  capabilities: ['net'],
  types: ['mailhog'],
  implementations: [],
  ...changes,
})

const kafka = question({ source: 'github.com/alice/plugins//broker/kafka', types: [], implementations: ['broker/kafka'], capabilities: [] })

/** A terminal whose person gives these answers, one after the other. */
function answering(...answers: string[]) {
  const asked: string[] = []
  const terminal = recordedTerminal({
    isInteractive: true,
    ask: (text) => {
      asked.push(text)
      return Promise.resolve(answers.shift() ?? assert.fail('asked once more'))
    },
  })
  return { terminal, asked }
}

test('askTrust() shows source, revision and commit, age, what it has and what it uses', async () => {
  const { terminal, asked } = answering('')

  await askTrust([question(), kafka], terminal)

  const text = terminal.errLines.join('\n')
  for (const shown of [
    'github.com/alice/mailhog',
    `develop -> ${'c'.repeat(40)}, made 3 days ago`,
    'type mailhog',
    'net',
    kafka.source,
    'broker/kafka',
  ])
    assert.ok(text.includes(shown), `${shown} in\n${text}`)
  assert.equal(asked.length, 1)
})

test('askTrust() gives the repositories for yes, their owners for owner, and nothing for no and for an empty line', async () => {
  const all = [question(), kafka]
  const of = (...answers: string[]) => askTrust(all, answering(...answers).terminal)

  assert.deepEqual(await of('y'), ['github.com/alice/mailhog', 'github.com/alice/plugins'])
  assert.deepEqual(await of(' YES '), ['github.com/alice/mailhog', 'github.com/alice/plugins'])
  assert.deepEqual(await of('o'), ['github.com/alice'])
  for (const no of ['n', 'no', '']) assert.deepEqual(await of(no), [])
})

test('askTrust() asks again for a word that is no answer', async () => {
  const { terminal, asked } = answering('sure', 'y')

  assert.deepEqual(await askTrust([question()], terminal), ['github.com/alice/mailhog'])
  assert.equal(asked.length, 2)
})

test('askTrust() warns before all else of a name that only looks like one that is trusted', async () => {
  const { terminal } = answering('n')

  await askTrust([question({ source: 'github.com/a1ice/mailhog', resembles: 'github.com/alice' })], terminal)

  const [name, warning] = terminal.errLines.slice(2)
  assert.match(name ?? '', /a1ice/)
  assert.match(warning ?? '', /^ {2}! This is not github\.com\/alice, which you trust/)
})

test('askTrust() spells out what a terminal would obey, so that a manifest cannot write the question anew', async () => {
  const { terminal } = answering('n')

  await askTrust([question({ types: ['x\u001b[2J\u202egnp'], implementations: ['broker/\u009b1A'] })], terminal)

  const text = terminal.errLines.join('\n')
  assert.ok(text.includes('type x\\u{1b}[2J\\u{202e}gnp, broker/\\u{9b}1A'), text)
})

test('renderAge() is near enough, and does not hide a date that cannot be', () => {
  assert.deepEqual(
    [0, 1, 2, 59, 60, 729, 730, -1].map((days) => renderAge(days * dayMs)),
    [
      'today',
      'yesterday',
      '2 days ago',
      '59 days ago',
      '2 months ago',
      '24 months ago',
      '2 years ago',
      'in the future, as its author says',
    ],
  )
})
