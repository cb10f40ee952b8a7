import type { Scenario } from './scenarios.fixture.js'

const quiet = 'CONNECT {"verbose":false,"pedantic":false}\r\n'
const modern = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1}\r\n'
const as = (user: string, more = '') =>
  `CONNECT {"verbose":false,"user":"${user}","pass":"p","headers":true,"no_responders":true${more}}\r\n`
const lines = (...all: readonly string[]) => all.map((line) => `${line}\r\n`).join('')
const each = (name: string, first: string, texts: readonly string[]): Scenario[] =>
  texts.map((text) => ({ name: `${name}: ${JSON.stringify(text.slice(0, 60))}`, steps: [['a', first + text]] }))

const accounts = `authorization { users: [
  { user: free, password: p }
  { user: a, password: p, permissions: {
    subscribe: { allow: ["foo.*", "bar.>", "q.a grp", "z.*.x"], deny: ["foo.secret", "bar.no.>"] }
    publish: { allow: ["ok.*", "foo.>"], deny: "ok.no" } } }
  { user: b, password: p, permissions: { subscribe: { deny: ["foo", "d.a x"] }, publish: "x" } }
  { user: c, password: p, permissions: { subscribe: ">", allow_responses: true } }
  { user: d, password: p, permissions: { subscribe: ">", publish: "y", allow_responses: { max: 2, expires: "1m" } } }
] }`

/** For tests: what {@link accounts} says, as options of ours. */
export const accountOptions = {
  users: [
    { user: 'free', password: 'p' },
    {
      user: 'a',
      password: 'p',
      permissions: {
        subscribe: { allow: ['foo.*', 'bar.>', 'q.a grp', 'z.*.x'], deny: ['foo.secret', 'bar.no.>'] },
        publish: { allow: ['ok.*', 'foo.>'], deny: ['ok.no'] },
      },
    },
    { user: 'b', password: 'p', permissions: { subscribe: { deny: ['foo', 'd.a x'] }, publish: { allow: ['x'] } } },
    { user: 'c', password: 'p', permissions: { subscribe: { allow: ['>'] }, allowResponses: true } },
    {
      user: 'd',
      password: 'p',
      permissions: { subscribe: { allow: ['>'] }, publish: { allow: ['y'] }, allowResponses: { max: 2, expiresMs: 60_000 } },
    },
  ],
}

/** For tests: with accounts. */
export const withAccounts: readonly Scenario[] = [
  ...[
    'CONNECT {}\r\n',
    'PING\r\n',
    'c',
    as('a').replace('"p"', '"q"'),
    'CONNECT {"user":"nobody","pass":"p"}\r\n',
    'SUB a 1\r\n',
    'X\r\n',
  ].map((text): Scenario => ({ name: `not let in: ${JSON.stringify(text.slice(0, 40))}`, steps: [['x', text]] })),
  {
    name: 'a second CONNECT that fails',
    steps: [
      ['x', as('free') + lines('SUB a 1')],
      ['x', as('free').replace('"p"', '"q"')],
    ],
  },
  {
    name: 'a second CONNECT as somebody else',
    steps: [
      ['x', as('a')],
      ['x', lines('PUB nope 0', '')],
      ['x', as('free') + lines('PUB nope 0', '', 'SUB > 1')],
    ],
  },
  ...[
    'foo.a 1',
    'foo.secret 1',
    'foo.secret g 1',
    'foo.* 1',
    'foo.a.b 1',
    'bar.* 1',
    'bar.> 1',
    'bar.no 1',
    'bar.no.x 1',
    'bar.no.> 1',
    'bar.*.x 1',
  ]
    .concat([
      'q.a 1',
      'q.a grp 1',
      'q.a other 1',
      '> 1',
      '* 1',
      'z.> 1',
      'z.*.x 1',
      'z.*.> 1',
      'z.>.x 1',
      'bar.> grp 1',
      'none 1',
      'none g 1',
    ])
    .map((text): Scenario => ({
      name: `may subscribe: ${text}`,
      steps: [
        ['a', as('a')],
        ['a', lines(`SUB ${text}`)],
      ],
    })),
  ...['ok.a', 'ok.no', 'ok', 'ok.*', 'ok.>', 'nope', 'foo.a.b', 'foo', 'ok.a.b', 'ok."x'].map((subject): Scenario => ({
    name: `may publish: ${subject}`,
    steps: [
      ['free', as('free') + lines('SUB > 1')],
      ['a', as('a')],
      ['a', lines(`PUB ${subject} 1`, 'x')],
      ['a', lines(`PUB ${subject} r 1`, 'x')],
    ],
  })),
  ...['true', 'false'].map((verbose): Scenario => ({
    name: `+OK and violations, verbose ${verbose}`,
    steps: [
      ['a', as('a').replace('"verbose":false', `"verbose":${verbose},"pedantic":true`)],
      ['a', lines('PUB nope 0', '', 'SUB nope 1', 'PUB ok.> 0', '', 'SUB a..b 2')],
    ],
  })),
  {
    name: 'what is denied is not delivered to a wildcard that overlaps it, nor answered',
    steps: [
      ['a', as('a') + lines('SUB foo.* 1', 'SUB bar.> 2', 'SUB bar.*.x 3', 'SUB bar.> grp 4')],
      ['free', as('free') + lines('SUB r 9')],
      [
        'free',
        lines('PUB foo.secret r 1', 's', 'PUB foo.open r 1', 'o', 'PUB bar.no.x 1', 's', 'PUB bar.yes.x 1', 'o', 'PUB bar.no 1', 'o'),
      ],
    ],
  },
  {
    name: 'a group for which a member is denied goes to the other member',
    steps: [
      ['a', as('a') + lines('SUB foo.* g 1')],
      ['free', as('free') + lines('SUB foo.* g 2')],
      ['free', lines('PUB foo.secret 1', 's').repeat(20)],
    ],
  },
  {
    name: 'deny of a queue group',
    steps: [
      ['b', as('b')],
      ['b', lines('SUB foo 1', 'SUB foo g 2', 'SUB d.a 3', 'SUB d.a x 4', 'SUB d.a y 5')],
    ],
  },
  {
    name: 'answers: once',
    steps: [
      ['c', as('c') + lines('SUB svc 1')],
      ['free', as('free') + lines('SUB rep 9')],
      ['c', lines('PUB rep 1', 'x', 'PUB y 1', 'x')],
      ['free', lines('PUB svc rep 1', 'q')],
      ['c', lines('PUB rep 1', '1', 'PUB rep 1', '2')],
      ['free', lines('PUB svc rep 1', 'q')],
      ['c', lines('PUB rep 1', '3')],
    ],
  },
  {
    name: 'answers: twice, beside what is allowed',
    steps: [
      ['d', as('d') + lines('SUB svc 1')],
      ['free', as('free') + lines('SUB rep 9', 'SUB y 8')],
      ['free', lines('PUB svc rep 1', 'q')],
      ['d', lines('PUB rep 1', '1', 'PUB y 1', 'y', 'PUB rep 1', '2', 'PUB rep 1', '3')],
    ],
  },
]

/** For tests: limits, `max_subscriptions: 2, max_payload: 100, max_control_line: 100`. */
export const withLimits: readonly Scenario[] = [
  {
    name: 'subscriptions',
    steps: [
      ['a', quiet + lines('SUB a 1', 'SUB b 2', 'SUB c 3', 'SUB a 1', 'UNSUB 1', 'SUB d 4', 'SUB e 5', 'PUB d 1', 'x', 'PUB e 1', 'x')],
    ],
  },
  { name: 'subscriptions, verbose', steps: [['a', lines('CONNECT {}', 'SUB a 1', 'SUB b 2', 'SUB c 3')]] },
  ...each('payload', modern, [
    lines('SUB a 1', `PUB a 100`, 'x'.repeat(100)),
    lines('PUB a 101', 'x'.repeat(101)),
    lines('PUB a 101'),
    lines('HPUB a 12 101'),
    lines('HPUB a 12 100', 'NATS/1.0', '', 'x'.repeat(88)),
    lines('PUB a 999999999'),
    lines('PUB a 2147483648'),
    lines('PUB a 99999999999999999999'),
  ]),
  ...each('control line', modern, [
    lines(`SUB ${'x'.repeat(98)} 1`),
    lines(`SUB ${'x'.repeat(99)} 1`),
    'x'.repeat(300),
    lines(`PUB ${'x'.repeat(120)} 1`),
  ]),
]

/** For tests: of a server as it is. */
export const plain: readonly Scenario[] = [
  ...each('CONNECT', '', [
    'CONNECT {}\r\n',
    'CONNECT\r\n',
    'CONNECT \r\n',
    'CONNECT []\r\n',
    'CONNECT null\r\n',
    'CONNECT "x"\r\n',
    'CONNECT {"verbose":true}\r\n',
    'CONNECT {"verbose":"yes"}\r\n',
    'CONNECT {"verbose":null}\r\n',
    'CONNECT {"verbose":false,"verbose":true}\r\nSUB a 1\r\n',
    'CONNECT {"__proto__":{"verbose":false}}\r\nSUB a 1\r\n',
    'CONNECT {"name":1}\r\n',
    'CONNECT {"protocol":0}\r\n',
    'CONNECT {"protocol":1}\r\n',
    'CONNECT {"protocol":2}\r\n',
    'CONNECT {"protocol":-1}\r\n',
    'CONNECT {"no_responders":true}\r\n',
    'CONNECT {"no_responders":true,"headers":true}\r\n',
    'CONNECT {"user":"x","pass":"y","auth_token":"z"}\r\n',
    'CONNECT {"unknown":{"deep":[1]}}\r\n',
    'connect {"verbose":false}\r\n',
    'CONNECT {"verbose":false}\nSUB a 1\nPUB a 1\r\nx\r\n',
  ]),
  ...each('operations of other servers', quiet, [
    'RS+ a\r\n',
    'RS- a\r\n',
    'RMSG a b 1\r\nx\r\n',
    'LS+ a\r\n',
    'LS- a\r\n',
    'LMSG a 1\r\nx\r\n',
    'A+ a\r\n',
    'A- a\r\n',
    'HMSG a 1 1 1\r\n',
  ]),
  ...each('operations', quiet, [
    '\r\n',
    ' PING\r\n',
    'PING x\r\n',
    'PINGPING\r\n',
    'PONG\r\n',
    '+OK\r\n',
    '+ok\r\n',
    '-ERR x\r\n',
    'INFO {}\r\n',
    'INFO\r\n',
    'MSG a 1 1\r\nx\r\n',
    'HELP\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '\0\r\n',
    'PUB\0a 1\r\n',
    'sub a 1\r\npub a 1\r\nx\r\n',
    'SUB  a\t 1 \r\nPUB\ta \t1 \r\nx\r\n',
  ]),
  ...each('SUB', modern, [
    'SUB a\r\n',
    'SUB\r\n',
    'SUB a b c d\r\n',
    'SUB a..b 1\r\n',
    'SUB a 1\r\nSUB a..b 1\r\nPUB a 1\r\nx\r\n',
    'SUB .a 1\r\n',
    'SUB a. 1\r\n',
    'SUB . 1\r\n',
    'SUB >.a 1\r\n',
    'SUB a.>.b 1\r\n',
    'SUB a* 1\r\nPUB a* 1\r\nx\r\n',
    'SUB a> 1\r\nPUB a> 1\r\nx\r\n',
    'SUB * 1\r\nPUB a 1\r\nx\r\nPUB a.b 1\r\nx\r\n',
    'SUB > 1\r\nPUB a 1\r\nx\r\nPUB a.b 1\r\nx\r\n',
    'SUB a.* 1\r\nPUB a 1\r\nx\r\nPUB a.b 1\r\nx\r\nPUB a.b.c 1\r\nx\r\n',
    'SUB a.> 1\r\nPUB a 1\r\nx\r\nPUB a.b.c 1\r\nx\r\n',
    'SUB *.b.* 1\r\nPUB a.b.c 1\r\nx\r\n',
    'SUB a 1\r\nSUB b 1\r\nPUB a 1\r\nx\r\nPUB b 1\r\nx\r\n',
    'SUB a abc-DEF_1\r\nPUB a 1\r\nx\r\n',
    'SUB a q.* 1\r\nPUB a 1\r\nx\r\n',
    'SUB ü.a 1\r\nPUB ü.a 1\r\nx\r\n',
    `SUB ${'a.'.repeat(2000)}a 1\r\n`,
    `SUB ${'a.'.repeat(500)}> 1\r\nPUB ${'a.'.repeat(500)}b 1\r\nx\r\n`,
  ]),
  ...each('UNSUB', quiet, [
    'UNSUB 1\r\n',
    'UNSUB\r\n',
    'UNSUB 1 2 3\r\n',
    'SUB a 1\r\nUNSUB 1\r\nPUB a 1\r\nx\r\n',
    'SUB a 1\r\nUNSUB 1 2\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\n',
    'SUB a 1\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\nUNSUB 1 2\r\nPUB a 1\r\n3\r\n',
    'SUB a 1\r\nPUB a 1\r\n1\r\nUNSUB 1 2\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\n',
    'SUB a 1\r\nUNSUB 1 0\r\nPUB a 1\r\nx\r\n',
    'SUB a 1\r\nUNSUB 1 x\r\nPUB a 1\r\nx\r\n',
    'SUB a 1\r\nUNSUB 1 -1\r\nPUB a 1\r\nx\r\n',
    'SUB a 1\r\nUNSUB 1 3\r\nUNSUB 1 1\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\n',
    'SUB a 1\r\nUNSUB 1 1\r\nSUB a 1\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\nSUB a 1\r\nPUB a 1\r\n3\r\n',
  ]),
  ...each('PUB', 'CONNECT {"verbose":false,"pedantic":true}\r\nSUB > 1\r\n', [
    'PUB a 0\r\n\r\n',
    'PUB a 1\r\nx\r\n',
    'PUB a r 1\r\nx\r\n',
    'PUB a 01\r\nx\r\n',
    'PUB a 1\r\nxx\r\n',
    'PUB a 2\r\nx\r\n\r\n',
    'PUB a 1\nx\r\n',
    'PUB a 1\r\nx\nPING\r\n',
    'PUB a\r\n',
    'PUB a b c 1\r\nx\r\n',
    'PUB a -1\r\n',
    'PUB a +1\r\nx\r\n',
    'PUB a 1e1\r\n',
    'PUB a 0x1\r\nx\r\n',
    'PUB a 1.0\r\nx\r\n',
    'PUB a.* 1\r\nx\r\n',
    'PUB a.> 1\r\nx\r\n',
    'PUB a..b 1\r\nx\r\n',
    'PUB .a 1\r\nx\r\n',
    'PUB a. 1\r\nx\r\n',
    'PUB > 1\r\nx\r\n',
    'PUB a r.* 1\r\nx\r\n',
    'PUB a r..x 1\r\nx\r\n',
    'PUB a\0b 1\r\nx\r\n',
    'PUB a 3\r\n\0\r\n\r\n',
  ]),
  ...each('HPUB', `${modern}SUB > 1\r\n`, [
    'HPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n',
    'HPUB a 12 13\r\nNATS/1.0\r\n\r\nx\r\n',
    'HPUB a r 12 13\r\nNATS/1.0\r\n\r\nx\r\n',
    'HPUB a 13 12\r\nNATS/1.0\r\n\r\nx\r\n',
    'HPUB a 12\r\nNATS/1.0\r\n\r\n\r\n',
    'HPUB a -1 12\r\n',
    'HPUB a 0 1\r\nx\r\n',
    'HPUB a 1 1\r\nx\r\n',
    'HPUB a 5 7\r\nhellooo\r\n',
    'HPUB a 99999999999999999999 1\r\n',
    'HPUB a b c 1 1\r\nx\r\n',
    'HPUB a 18 19\r\nNATS/1.0\r\nA:b\r\n\r\nx\r\n',
  ]),
  ...each('HPUB without headers', quiet, ['HPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n']),
  {
    name: 'no echo',
    steps: [
      ['a', 'CONNECT {"verbose":false,"echo":false}\r\nSUB a 1\r\nSUB a g 2\r\n'],
      ['b', `${quiet}SUB a 1\r\n`],
      ['a', 'PUB a 1\r\nx\r\n'],
      ['b', 'PUB a 1\r\ny\r\n'],
    ],
  },
  {
    name: 'nobody answers',
    steps: [
      ['a', `${modern}SUB r.* 5\r\n`],
      ['a', 'PUB none r.1 1\r\nx\r\n'],
      ['a', 'PUB none q.1 1\r\nx\r\n'],
      ['a', 'PUB none 1\r\nx\r\n'],
      ['a', 'HPUB none r.2 12 12\r\nNATS/1.0\r\n\r\n\r\n'],
    ],
  },
  { name: 'nobody answers, not asked for', steps: [['a', `${quiet}SUB r.* 5\r\nPUB none r.1 1\r\nx\r\n`]] },
  { name: 'nobody answers a queue subscriber', steps: [['a', `${modern}SUB r.* q 5\r\nPUB none r.1 1\r\nx\r\n`]] },
  {
    name: 'JetStream is not there',
    steps: [
      ['a', `${modern}SUB r 5\r\n`],
      ['a', 'PUB $JS.API.INFO r 0\r\n\r\n'],
      ['a', 'PUB $JS.API.STREAM.CREATE.x r 2\r\n{}\r\n'],
    ],
  },
  {
    name: 'headers for those who know them',
    steps: [
      ['old', `${quiet}SUB a 1\r\n`],
      ['new', `${modern}SUB a 2\r\n`],
      ['new', 'HPUB a r 12 13\r\nNATS/1.0\r\n\r\nx\r\n'],
      ['new', 'PUB a 1\r\ny\r\n'],
    ],
  },
  {
    name: 'headers from one who is still verbose',
    steps: [['a', 'CONNECT {"headers":true}\r\nSUB a 1\r\nHPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n']],
  },
  {
    name: 'a queue group of one',
    steps: [
      ['a', `${quiet}SUB a g 1\r\n`],
      ['b', `${quiet}SUB a 2\r\n`],
      ['b', 'PUB a 1\r\nx\r\n'.repeat(3)],
    ],
  },
  {
    name: 'groups and others, each once',
    steps: [
      ['a', `${quiet}SUB a 1\r\n`],
      ['b', `${quiet}SUB a 2\r\n`],
      ['c', `${quiet}SUB a g 3\r\n`],
      ['d', `${quiet}SUB * g2 4\r\n`],
      ['d', 'PUB a 1\r\nx\r\n'],
    ],
  },
  {
    name: 'members of a group that end by themselves',
    steps: [
      ['a', `${quiet}SUB a g 1\r\nUNSUB 1 1\r\n`],
      ['b', `${quiet}SUB a g 2\r\nUNSUB 2 1\r\n`],
      ['b', 'PUB a 1\r\n1\r\n'.repeat(3)],
    ],
  },
  { name: 'before CONNECT', steps: [['a', 'SUB a 1\r\nPUB a 1\r\nx\r\nPUB a..b 1\r\nx\r\nUNSUB 1\r\n']] },
  {
    name: 'one after the other',
    steps: [
      ['a', `${quiet}SUB a 1\r\n`],
      ['b', quiet + Array.from({ length: 200 }, (_, index) => `PUB a ${String(index).length}\r\n${index}\r\n`).join('')],
    ],
  },
  {
    name: 'a subscriber that leaves',
    steps: [
      ['a', `${quiet}SUB a 1\r\n`],
      ['b', `${modern}SUB r 1\r\n`],
      ['a', 'X\r\n'],
      ['b', 'PUB a r 1\r\nx\r\n'],
    ],
  },
]

/** For tests: in nats-server's format. */
export const settings = { accounts, limits: 'max_subscriptions: 2, max_payload: 100, max_control_line: 100' }
