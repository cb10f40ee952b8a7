import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findNativeServer, startNativeServer } from '../native-server.fixture.js'
import type { NatsServerOptions } from './options.js'
import { play, type Step } from './scenarios.fixture.js'
import { natsServer } from './server.js'

/** Where this server differs from nats-server 2.9 on purpose. docs/embedded-nats.md says why. */
interface Difference {
  readonly name: string
  readonly options: NatsServerOptions
  readonly settings: string
  readonly steps: readonly Step[]
  readonly ours: Record<string, string>
  readonly theirs: Record<string, string>
}

const login = (user: string) => `CONNECT {"verbose":false,"pedantic":false,"user":"${user}","pass":"p"}\r\n`
const user = (name: string, permissions?: object) => ({ user: name, password: 'p', ...(permissions === undefined ? {} : { permissions }) })
const settings = (permissions: string) =>
  `authorization { users: [{ user: free, password: p }, { user: a, password: p, permissions: { ${permissions} } }] }`
const violation = (what: string) => `-ERR 'Permissions Violation for ${what}'\r\n`

const differences: readonly Difference[] = [
  {
    name: 'an allowed wildcard does not allow a wider one',
    options: { users: [user('free'), user('a', { subscribe: { allow: ['foo.*'] } })] },
    settings: settings('subscribe: { allow: ["foo.*"] }'),
    steps: [
      ['a', `${login('a')}SUB foo.> 1\r\n`],
      ['free', `${login('free')}PUB foo.a.secret 1\r\nx\r\n`],
    ],
    ours: { a: `${violation('Subscription to "foo.>"')}..`, free: '.' },
    theirs: { a: '.MSG foo.a.secret 1 1\r\nx\r\n.', free: '.' },
  },
  {
    name: 'a queue group does not get around a deny by another name',
    options: { users: [user('free'), user('a', { subscribe: { deny: ['foo', 'foo bar'] } })] },
    settings: settings('subscribe: { deny: ["foo", "foo bar"] }'),
    steps: [
      ['a', `${login('a')}SUB foo other 1\r\n`],
      ['free', `${login('free')}PUB foo 1\r\nx\r\n`],
    ],
    ours: { a: `${violation('Subscription to "foo" using queue "other"')}..`, free: '.' },
    theirs: { a: '.MSG foo 1 1\r\nx\r\n.', free: '.' },
  },
  {
    name: 'a wildcard does not get around a deny for its queue group',
    options: { users: [user('free'), user('a', { subscribe: { deny: ['d.a x'] } })] },
    settings: settings('subscribe: { deny: ["d.a x"] }'),
    steps: [
      ['a', `${login('a')}SUB d.* x 1\r\n`],
      ['free', `${login('free')}PUB d.a 1\r\nx\r\nPUB d.b 1\r\nx\r\n`],
    ],
    ours: { a: '.MSG d.b 1 1\r\nx\r\n.', free: '.' },
    theirs: { a: '.MSG d.a 1 1\r\nx\r\nMSG d.b 1 1\r\nx\r\n.', free: '.' },
  },
  {
    name: 'an answer does not get around a deny',
    options: { users: [user('free'), user('a', { publish: { deny: ['r.>'] }, allowResponses: true })] },
    settings: settings('publish: { deny: ["r.>"] }, allow_responses: true'),
    steps: [
      ['a', `${login('a')}SUB svc 1\r\n`],
      ['free', `${login('free')}SUB r.1 9\r\nPUB svc r.1 1\r\nq\r\n`],
      ['a', 'PUB r.1 1\r\nx\r\n'],
    ],
    ours: { a: `.MSG svc 1 r.1 1\r\nq\r\n.${violation('Publish to "r.1"')}.`, free: '..' },
    theirs: { a: '.MSG svc 1 r.1 1\r\nq\r\n..', free: '.MSG r.1 9 1\r\nx\r\n.' },
  },
  {
    name: 'an empty list allows nothing',
    options: { users: [user('free'), user('a', { publish: { allow: [] } })] },
    settings: settings('publish: { allow: [] }'),
    steps: [['a', `${login('a')}PUB a 1\r\nx\r\n`]],
    ours: { a: `${violation('Publish to "a"')}.` },
    theirs: { a: '.' },
  },
  {
    name: 'what another user was allowed to hear ends when a connection becomes somebody else',
    options: { users: [user('free'), user('a', { subscribe: { deny: ['secret'] } })] },
    settings: settings('subscribe: { deny: ["secret"] }'),
    steps: [
      ['x', `${login('free')}SUB secret 1\r\n`],
      ['x', login('a')],
      ['free', `${login('free')}PUB secret 1\r\nx\r\n`],
    ],
    ours: { x: `.${violation('Subscription to "secret"')}..`, free: '.' },
    theirs: { x: '..MSG secret 1 1\r\nx\r\n.', free: '.' },
  },
  {
    name: 'a reply subject may begin with _R_',
    options: {},
    settings: '',
    steps: [['a', 'CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a _R_.x 1\r\nx\r\n']],
    ours: { a: 'MSG a 1 _R_.x 1\r\nx\r\n.' },
    theirs: { a: '-ERR \'Permissions Violation for Publish with Reply of "_R_.x"\'\r\n.' },
  },
]

const native = findNativeServer()
const skip = native === undefined ? 'needs: nats-server' : false

for (const { name, options, settings, steps, ours, theirs } of differences) {
  test(`natsServer() differs on purpose: ${name}`, async (t) => {
    const server = await natsServer(options)
    t.after(() => server.close())

    assert.deepEqual(await play(server.port, { steps }), ours)
  })

  test(`nats-server differs: ${name}`, { skip }, async (t) => {
    const server = await startNativeServer(native ?? '', settings)
    t.after(() => server.close())

    assert.deepEqual(await play(server.port, { steps }), theirs)
  })
}
