/** For tests: conformance suites in any runner, a clock that the test moves. */
export * from './clock.js'
export * from './conformance.js'
export * from './suite.js'
export * from './app.js'
