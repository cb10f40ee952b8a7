import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findNativeServer, startNativeServer } from '../native-server.fixture.js'
import type { NatsServerOptions } from './options.js'
import { accountOptions, plain, settings, withAccounts, withLimits } from './parity-scenarios.fixture.js'
import { play, type Scenario } from './scenarios.fixture.js'
import { natsServer } from './server.js'

const native = findNativeServer()
const skip = native === undefined ? 'needs: nats-server' : false

async function compare(scenarios: readonly Scenario[], options: NatsServerOptions, nativeSettings = ''): Promise<void> {
  const ours = await natsServer(options)
  const theirs = await startNativeServer(native ?? '', nativeSettings)
  const differences: object[] = []
  try {
    for (const scenario of scenarios) {
      const [found, wanted] = await Promise.all([play(ours.port, scenario), play(theirs.port, scenario)])
      try {
        assert.deepEqual(found, wanted)
      } catch {
        // All of them are wanted in the report, not the first alone.
        differences.push({ scenario: scenario.name, found, wanted })
      }
    }
  } finally {
    await Promise.all([ours.close(), theirs.close()])
  }
  assert.deepEqual(differences, [])
}

test('natsServer() says to everybody what nats-server says', { skip }, () => compare(plain, { maxPayloadBytes: 1024 * 1024 }))

test('natsServer() lets users in and lets them do what nats-server does', { skip }, () =>
  compare(withAccounts, accountOptions, settings.accounts),
)

test('natsServer() enforces its limits as nats-server does', { skip }, () =>
  compare(withLimits, { maxSubscriptions: 2, maxPayloadBytes: 100, maxControlLineBytes: 100 }, settings.limits),
)
