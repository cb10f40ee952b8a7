/**
 * What may import what. ARCHITECTURE.md draws it: an arrow points down only, from the command to the floor.
 *
 *   cli, dashboard > runner > core's service > rpc, plugin > kinds, nats > base
 *
 * `npm run layers` reads this; each comment is what a reader sees when the rule fires, and tests/scripts/layers.test.ts plants a violation of each.
 */
const KINDS = 'auth|broker|cache|codec|config|events|lock|registry|selector|store|trace|transport'
const KIND = `(${KINDS})`
const TEST = '\\.(test|fixture)\\.ts$'
// A suite is written with node:assert and the tools of testing/, as a test is.
const TEST_OR_SUITE = '(\\.test|\\.fixture|/conformance|/conformance/[^/]+)\\.ts$'
const CONTRACT = `^packages/core/src/${KIND}/\\1\\.ts$`
const BASE = '^packages/core/src/base/'
const CORE_DOOR = '^packages/core/src/(index|[^/]+/(index|conformance))\\.ts$'
const DOORS = [CORE_DOOR, '^packages/(source|runner)/src/index\\.ts$', '^packages/source/src/(yaml|testing)/index\\.ts$']

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

const base = [
  rule(
    'base-is-the-floor',
    'base/ imports nothing of ours: whatever it needs is handed in.',
    { path: BASE, pathNot: TEST },
    { path: '^(packages|plugins|service-types)/', pathNot: BASE },
  ),
]

const kinds = [
  rule(
    'a-contract-stands-alone',
    '<kind>/<kind>.ts is the interface and its data; it needs base/ and nothing else.',
    { path: CONTRACT },
    { path: '^(packages|plugins|service-types)/', pathNot: BASE },
  ),
  rule(
    'a-kind-knows-its-own-folder',
    'Another kind is reached through its contract, never through an implementation.',
    { path: `^packages/core/src/${KIND}/`, pathNot: TEST },
    { path: `^packages/core/src/${KIND}/`, pathNot: ['^packages/core/src/$1/', CONTRACT] },
  ),
  rule(
    'another-contract-is-a-type',
    'What is imported of another kind is a type, and gone at run time.',
    { path: `^packages/core/src/${KIND}/`, pathNot: TEST },
    { path: CONTRACT, pathNot: '^packages/core/src/$1/', dependencyTypesNot: ['type-only'] },
  ),
  rule(
    'kinds-know-nothing-above',
    'rpc/, plugin/ and service/ stand on the kinds; the kinds do not know them.',
    { path: `^packages/core/src/(${KINDS}|nats)/`, pathNot: TEST },
    { path: '^packages/core/src/(rpc|plugin|service|index)' },
  ),
  rule(
    'nats-is-a-protocol',
    'nats/ knows bytes and base/; what a broker is, it does not know.',
    { path: '^packages/core/src/nats/', pathNot: TEST },
    { path: '^packages/core/src/', pathNot: ['^packages/core/src/nats/', BASE] },
  ),
  rule(
    'only-the-broker-speaks-nats',
    'The default broker stands on nats/; no other kind needs it.',
    { path: `^packages/core/src/${KIND}/`, pathNot: ['^packages/core/src/broker/', TEST] },
    { path: '^packages/core/src/nats/' },
  ),
  rule(
    'testing-is-for-tests',
    'What runs in production carries no test code: only tests, conformance.ts and testing/ itself import it.',
    { path: '^packages/core/src/', pathNot: [TEST_OR_SUITE, '^packages/core/src/testing/'] },
    { path: '^packages/core/src/testing/', dependencyTypesNot: ['type-only'] },
  ),
]

const callsAndPlugins = [
  rule(
    'rpc-and-plugin-are-handed-implementations',
    'They see contracts; only service/ picks who fulfils them.',
    // go-micro's protocol fixes the codecs that every peer reads; that one file names them.
    { path: '^packages/core/src/(rpc|plugin)/', pathNot: [TEST, '^packages/core/src/rpc/codecs\\.ts$'] },
    { path: `^packages/core/src/(${KINDS}|nats)/`, pathNot: CONTRACT },
  ),
  rule(
    'service-is-the-roof',
    'Nothing below imports service/: it is where the parts are put together.',
    { path: '^packages/core/src/', pathNot: ['^packages/core/src/(service|testing)/', '^packages/core/src/index\\.ts$', TEST] },
    { path: '^packages/core/src/service/' },
  ),
  rule(
    'the-framework-knows-no-tool',
    'A service in production carries no builder, no runner and no plugin that it did not choose.',
    { path: '^packages/core/' },
    { path: '^(packages/(source|runner|cli|create|dashboard)|plugins|service-types)/' },
  ),
  rule(
    'the-framework-has-no-dependencies',
    '@microts/core stands on Node alone.',
    { path: '^packages/core/src/', pathNot: TEST },
    { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'] },
  ),
]

const tools = [
  rule(
    'source-stands-on-two-floors',
    'From a reference to a folder, for several readers: it needs base and plugin of core.',
    { path: '^packages/source/', pathNot: TEST },
    { path: '^(packages|plugins|service-types)/', pathNot: ['^packages/source/', '^packages/core/src/(base|plugin)/'] },
  ),
  rule(
    'git-hosts-of-tests-are-for-tests',
    'The hosts on loopback are not published: only tests, and what they share, import them.',
    { path: '^(packages|plugins|service-types)/', pathNot: [TEST, '/testing(/|\\.ts$)'] },
    { path: '^packages/source/src/testing/' },
  ),
  rule(
    'the-runner-knows-no-face',
    'cli/ and dashboard/ are two faces of the runner, which prints nothing.',
    { path: '^packages/runner/' },
    { path: '^packages/(cli|dashboard|create)/' },
  ),
  rule(
    'faces-do-not-meet',
    'What two faces share belongs into the runner.',
    { path: '^packages/(cli|dashboard|create)/' },
    { path: '^packages/(cli|dashboard|create)/', pathNot: '^packages/$1/' },
  ),
  rule(
    'tools-use-the-front-door',
    'A package of ours imports another one as a stranger would: by its exports.',
    { path: '^packages/(source|runner|cli|dashboard|create)/' },
    { path: '^packages/', pathNot: ['^packages/$1/', ...DOORS] },
  ),
  rule(
    'tools-load-plugins-by-manifest',
    'Which plugin is used is data; an import would ship it to everyone.',
    { path: '^packages/', pathNot: TEST },
    { path: '^(plugins|service-types)/' },
  ),
]

const outside = [
  rule(
    'a-plugin-uses-the-front-door',
    'Ours have the imports that a stranger has; service/ is not one of them.',
    { path: '^(plugins|service-types)/', pathNot: TEST },
    { path: '^packages/', pathNot: ['^packages/core/src/(?!service/)[^/]+/(index|conformance)\\.ts$', '^packages/source/src/index\\.ts$'] },
  ),
  rule(
    'plugins-do-not-meet',
    'One plugin, one folder, one list of dependencies.',
    { path: '^plugins/([^/]+/[^/]+)/' },
    { path: '^(plugins|service-types)/', pathNot: '^plugins/$1/' },
  ),
  rule(
    'service-types-do-not-meet',
    'One service type, one folder.',
    { path: '^service-types/([^/]+)/' },
    { path: '^(plugins|service-types)/', pathNot: '^service-types/$1/' },
  ),
  rule(
    'a-user-uses-the-front-door',
    'Examples and whole-program tests import what is published; tests, besides, what starts a real server for them.',
    { path: '^(examples|tests|docs)/' },
    { path: '^packages/', pathNot: [...DOORS, '\\.fixture\\.ts$'] },
  ),
]

const everywhere = [
  rule(
    'no-cycles',
    'Two files that need each other are one file, or lack a third.',
    {},
    { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  ),
  rule('a-test-is-a-leaf', 'What two tests share is a file of its own.', {}, { path: '\\.test\\.ts$' }),
  rule(
    'what-is-imported-exists',
    'An import that does not resolve is an import that no rule can judge.',
    { path: '^(packages|plugins|service-types|examples|tests|docs)/' },
    // A bundle is made when it is first needed, and plugins.ts by the first run.
    { couldNotResolve: true, pathNot: '(/dist/|/plugins\\.js$)' },
  ),
]

module.exports = {
  forbidden: [...base, ...kinds, ...callsAndPlugins, ...tools, ...outside, ...everywhere],
  options: {
    tsPreCompilationDeps: 'specify',
    // `exclude` would take node_modules out of sight, and with it what the-framework-has-no-dependencies looks for.
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.micro)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['@microts/source', 'import', 'node', 'types', 'default'] },
  },
}
