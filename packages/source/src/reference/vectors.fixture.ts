/** A reference as it is written, and what it comes to: its canonical spelling and key, or the reason of its refusal. */
export type Vector =
  | { readonly text: string; readonly canonical: string; readonly key: string }
  | { readonly text: string; readonly reason: string }

const ok = (text: string, canonical = text, key = canonical): Vector => ({ text, canonical, key })
const no = (reason: string, ...texts: readonly string[]): readonly Vector[] => texts.map((text) => ({ text, reason }))

const commit = '9f3c0de1a2b3c4d5e6f708192a3b4c5d6e7f8091'
const longCommit = `${commit}0123456789abcdef01234567`
const mailhog = 'github.com/alice/mailhog'

/** Among them every reference of the documents that the plugin system was asked for with. */
export const vectors: readonly Vector[] = [
  // As the Lando document writes them.
  ok('lando', 'lando', 'micro'),
  ok('github.com/mikemilano/lando-mailhog:develop', undefined, 'github.com/mikemilano/lando-mailhog'),
  ok('github.com/alice/mailhog:develop', undefined, mailhog),
  ok('github.com/bob/mailhog'),
  ok('github.com/alice/mailhog'),
  ok('foo@example.com:bar/baz.git', 'foo@example.com:bar/baz', 'example.com/bar/baz'),
  // As the Micro document writes them.
  ok('broker/rabbitmq'),
  ok('github.com/micro/go-plugins'),
  ok('micro'),

  // Of our own.
  ok('registry/etcd'),
  ok('store/cockroachdb'),
  ok('codec/msgpack-2'),

  // One repository, many spellings.
  ok('https://github.com/alice/mailhog', mailhog),
  ok('https://github.com/alice/mailhog.git', mailhog),
  ok('https://github.com:443/alice/mailhog.git', mailhog),
  ok('HTTPS://GitHub.com/Alice/MailHog.git', mailhog),
  ok('GitHub.com/Alice/Mailhog', mailhog),
  ok('github.com/alice/mailhog.git', mailhog),
  ok('github.com/alice/mailhog.GIT', mailhog),
  ok('github:alice/mailhog', mailhog),
  ok('github:Alice/Mailhog.git', mailhog),
  ok('git@github.com:alice/mailhog.git', 'git@github.com:alice/mailhog', mailhog),
  ok('git@github.com:Alice/Mailhog', 'git@github.com:alice/mailhog', mailhog),
  ok('ssh://git@github.com/alice/mailhog.git', 'ssh://git@github.com/alice/mailhog', mailhog),
  ok('ssh://git@github.com:22/alice/mailhog', 'ssh://git@github.com/alice/mailhog', mailhog),
  ok('ssh://github.com/alice/mailhog', undefined, mailhog),

  // Revisions.
  ok('github.com/alice/mailhog:v1.0.0', undefined, mailhog),
  ok('github.com/alice/mailhog:feature/x', undefined, mailhog),
  ok('github.com/alice/mailhog:feature/x/y-z_1.2', undefined, mailhog),
  ok('github.com/alice/mailhog:tags/v1', undefined, mailhog),
  ok('github.com/alice/mailhog:heads/main', undefined, mailhog),
  ok('github.com/alice/mailhog:heads/feature/x', undefined, mailhog),
  ok('github.com/alice/mailhog:latest', undefined, mailhog),
  ok('github.com/alice/mailhog:^1', undefined, mailhog),
  ok('github.com/alice/mailhog:^1.2', undefined, mailhog),
  ok('github.com/alice/mailhog:~1.2.3', undefined, mailhog),
  ok('github.com/alice/mailhog:=1.2.3', undefined, mailhog),
  ok('github.com/alice/mailhog:>=1.2 <2', undefined, mailhog),
  ok('github.com/alice/mailhog:^2.0.0-rc.1', undefined, mailhog),
  ok(`github.com/alice/mailhog:${commit}`, undefined, mailhog),
  ok(`github.com/alice/mailhog:${commit.toUpperCase()}`, `github.com/alice/mailhog:${commit}`, mailhog),
  ok(`github.com/alice/mailhog:${longCommit}`, undefined, mailhog),
  ok('github.com/alice/mailhog:20240101', undefined, mailhog),
  ok('github.com/alice/mailhog:facade', undefined, mailhog),
  ok('github.com/alice/mailhog:1.x', undefined, mailhog),
  ok('github:alice/mailhog:v1', 'github.com/alice/mailhog:v1', mailhog),
  ok('https://github.com/alice/mailhog.git#v1', 'github.com/alice/mailhog:v1', mailhog),
  ok('https://github.com/alice/mailhog#feature/x', 'github.com/alice/mailhog:feature/x', mailhog),
  ok('git@github.com:alice/mailhog.git#develop', 'git@github.com:alice/mailhog#develop', mailhog),
  ok('foo@example.com:bar/baz.git#heads/main', 'foo@example.com:bar/baz#heads/main', 'example.com/bar/baz'),
  ok('ssh://git@host.example/a/b#^1.2', undefined, 'host.example/a/b'),

  // Several in one repository.
  ok('github.com/alice/plugins//broker/kafka:^1.2', undefined, 'github.com/alice/plugins//broker/kafka'),
  ok('github.com/alice/plugins//broker/kafka'),
  ok('github.com/alice/plugins.git//broker/kafka', 'github.com/alice/plugins//broker/kafka'),
  ok(
    'https://github.com/alice/plugins.git//broker/kafka#v1',
    'github.com/alice/plugins//broker/kafka:v1',
    'github.com/alice/plugins//broker/kafka',
  ),
  ok(
    'git@github.com:alice/plugins.git//broker/kafka',
    'git@github.com:alice/plugins//broker/kafka',
    'github.com/alice/plugins//broker/kafka',
  ),
  ok('github.com/Alice/Plugins//Broker/Kafka', 'github.com/alice/plugins//Broker/Kafka'),

  // Other hosts, groups and ports.
  ok('gitlab.com/group/subgroup/repo:v2', undefined, 'gitlab.com/group/subgroup/repo'),
  ok('gitlab.com/group/repo'),
  ok('gitlab:group/repo', 'gitlab.com/group/repo'),
  ok('gitlab:group/subgroup/repo:v2', 'gitlab.com/group/subgroup/repo:v2', 'gitlab.com/group/subgroup/repo'),
  ok('bitbucket.org/Team/Repo', 'bitbucket.org/team/repo'),
  ok('git.example.com:8443/a/b:v1', undefined, 'git.example.com:8443/a/b'),
  ok('git.example.com:8443/a/b//c/d:v1', undefined, 'git.example.com:8443/a/b//c/d'),
  ok('git.example.com:443/a/b', 'git.example.com/a/b'),
  ok('https://git.example.com:8443/a/b.git', 'git.example.com:8443/a/b'),
  ok('ssh://git@git.example.com:2222/a/b', undefined, 'git.example.com:2222/a/b'),
  ok('codeberg.org/Alice/Plugin'),
  ok('git.sr.ht/~alice/plugin:v1', undefined, 'git.sr.ht/~alice/plugin'),
  ok('GIT.Example.COM/Alice/Plugin', 'git.example.com/Alice/Plugin'),
  ok('192.168.1.20:3000/alice/plugin'),
  ok('example.com/repo'),
  ok('git@example.com:repo.git', 'git@example.com:repo', 'example.com/repo'),
  ok('example.com/a.b/c_d/e-f'),

  // Packages and folders of the project.
  ok('npm:@acme/broker-kafka'),
  ok('npm:broker-kafka'),
  ok('./path'),
  ok('./plugins/mine'),
  ok('../shared/mine'),
  ok('./a/../b', './b'),
  ok('./a//b/', './a/b/'),
  ok('../../a', '../../a'),
  ok('./with space'),

  // Options in disguise (CVE-2017-1000117, CVE-2018-17456).
  ...no('REF_SYNTAX', '--upload-pack=touch /tmp/pwn', '-oProxyCommand=x:y', '-x', '--', '-c/core.sshCommand=id'),
  ...no(
    'REF_SYNTAX',
    'github.com/a/b:--upload-pack=id',
    'github.com/a/b:-x',
    'github.com/a/b:/etc',
    'github.com/a/b:',
    'github.com/a/b:a/-x',
  ),
  ...no('REF_SYNTAX', 'github.com/-a/b', 'github.com/a/-b', 'github.com/a/b//-c', 'https://github.com/a/b#--upload-pack=id'),
  ...no('HOST_SYNTAX', 'ssh://-oProxyCommand=id/a/b', 'git@-oProxy.example:a/b'),
  ...no('HOST_SYNTAX', 'ssh://-l@host.example/a/b', '$(id)@example.com:a/b'),

  // Transports that run a command, read a file or can be listened to.
  ...no(
    'PROTO_DENIED',
    'ext::sh -c id',
    'EXT::sh',
    'fd::7',
    'file::/etc',
    'git::ext::sh',
    'git::https://github.com/a/b',
    'ext::git@example.com:a/b',
  ),
  ...no(
    'PROTO_DENIED',
    'file:///etc',
    'FILE:///etc',
    'file:/etc',
    'git://github.com/a/b',
    'ftp://host.example/a/b',
    'link:../x',
    'ext://x/y',
  ),
  ...no('PROTO_DENIED', 'git+https://github.com/a/b.git', 'git+ssh://git@github.com/a/b', 'gist:12345', 'javascript://x/y'),
  ...no('PROTO_DENIED', '/etc', '~/plugins', '\\\\server\\share', 'C:\\plugins', 'c:/plugins'),
  ...no('INSECURE', 'http://host.example/a/b', 'HTTP://github.com/a/b'),

  // Hosts that are not what they look like.
  ...no('HOST_SYNTAX', 'github.com@evil.com/a/b', 'g\u0456thub.com/a/b', 'github.com%2f../x', 'https:///evil', 'xn--gthub-n4a.com/a/b'),
  ...no(
    'HOST_SYNTAX',
    'github\u3002com/a/b',
    'github.com./a/b',
    '.github.com/a/b',
    'a..b/c/d',
    'a_b.com/c/d',
    'https://localhost/a/b',
    'localhost:3000/a/b',
  ),
  ...no(
    'HOST_SYNTAX',
    'github.com:alice/mailhog',
    'github.com:0/a/b',
    'github.com:99999/a/b',
    'github.com:08/a/b',
    'github.com:1:2/a/b',
    '1.2.3/a/b',
    '999.1.1.1/a/b',
  ),
  ...no('HOST_SYNTAX', 'https://[::1]/a/b', `${'a'.repeat(64)}.com/a/b`, 'alice/plugins/broker', 'git@github.com/alice/mailhog'),

  // Credentials.
  ...no(
    'CRED_IN_URL',
    'https://u:tok@github.com/a/b',
    'https://tok@github.com/a/b',
    'http://u:tok@github.com/a/b',
    'ssh://git:tok@github.com/a/b',
    'u:tok@github.com/a/b',
    'u:tok@github.com:a/b',
  ),

  // Paths that lead elsewhere.
  ...no(
    'PATH_ESCAPE',
    'github.com/../x',
    'github.com/a/..',
    'github.com/a/b//../../etc',
    'github.com/%2e%2e/x',
    'github.com/a\\..\\b/c',
    'github.com/./x',
    'foo@example.com:../x',
  ),
  ...no(
    'REF_SYNTAX',
    'github.com/a/b//',
    'github.com/a/b///c',
    'github.com/a/b//c//d',
    'github.com//a/b',
    'github.com/a',
    'github.com/a/b/',
    'foo@example.com:/abs/path',
  ),
  ...no(
    'REF_SYNTAX',
    'github.com/a\0/b',
    'github.com/a/b\n',
    'github.com/a/b\r\nx',
    '\u001b]0;x',
    'github.com/a b/c',
    'github.com/a/b:x\u007f',
    ' github.com/a/b',
    './a\0b',
  ),
  ...no(
    'REF_SYNTAX',
    'github.com/a/b\u200d',
    'github.com/\u0430lice/b',
    'github.com/a/b:dev\u0435lop',
    'github.com/a&calc/b',
    'github.com/a;id/b',
    'github.com/$(id)/b',
    'github.com/a/.hidden',
  ),
  ...no(
    'REF_SYNTAX',
    `github.com/a/${'b'.repeat(101)}`,
    `gitlab.com/${'g/'.repeat(30)}r`,
    `github.com/a/b:${'x'.repeat(201)}`,
    `./${'x'.repeat(1000)}`,
  ),

  // Names that git or an operating system gives a meaning.
  ...no(
    'RESERVED_NAME',
    'example.com/a/.git',
    'example.com/.GIT/b',
    'example.com/a/git~1',
    'example.com/a/.git.',
    'example.com/.git/b/c',
    'example.com/a/b.git.git',
    'example.com/a.git/b',
  ),
  ...no(
    'RESERVED_NAME',
    'github.com/con/b',
    'github.com/a/nul.js',
    'github.com/AUX/b',
    'github.com/a/com1',
    'github.com/a/b.',
    'github.com/a/b.lock',
    'github.com/a/b//lpt9/x',
  ),

  // Revisions that are none.
  ...no(
    'REF_SYNTAX',
    'github.com/a/b:abc1234',
    'github.com/a/b:9f3c0de',
    `github.com/a/b:${commit.slice(1)}`,
    `github.com/a/b:${commit}0`,
    'github.com/a/b:v1..v2',
    'github.com/a/b:@',
  ),
  ...no(
    'REF_SYNTAX',
    'github.com/a/b:a@{1}',
    'github.com/a/b:a b',
    'github.com/a/b:a:b',
    'github.com/a/b:a^',
    'github.com/a/b:a?b',
    'github.com/a/b:a*',
    'github.com/a/b:x.lock',
    'github.com/a/b:.x',
  ),
  ...no(
    'REF_SYNTAX',
    'github.com/a/b:refs/heads/main',
    'github.com/a/b:tags/',
    'github.com/a/b:^x',
    'github.com/a/b:>=1 || <0',
    'github.com/a/b:x/',
    'github.com/a/b:x.',
  ),
  ...no(
    'REF_SYNTAX',
    'github.com/a/b#v1',
    'https://github.com/a/b:v1',
    'https://github.com/a/b?ref=v1',
    'github.com/a/b?ref=v1',
    'foo@example.com:bar/baz.git:v1',
  ),

  // What is nearly a reference.
  ...no(
    'REF_SYNTAX',
    '',
    ' ',
    'mailhog',
    'mailhog:v1.0.3',
    'github.com',
    'broker/rabbitmq:v1',
    'Broker/rabbitmq',
    'broker/',
    'https://github.com',
    'micro ',
    'MICRO',
  ),
  ...no(
    'REF_SYNTAX',
    'github.com/alice/plugins/broker/kafka',
    'https://github.com/alice/mailhog/tree/develop',
    'npm:',
    'npm:../x',
    'npm:@acme',
    'npm:Acme',
    'npm:x@^1',
    'npm:-x',
  ),
]
