/** A machine of its own with git hosts on loopback, for the tests of whoever uses this package. Not published. */
export { gitServer } from './git-server.js'
export type { GitServer } from './git-server.js'
export { testRepository } from './repository.js'
export type { TestFile, TestRepository } from './repository.js'
export { manifestOf, world } from './world.js'
export type { World } from './world.js'
