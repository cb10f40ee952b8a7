import assert from 'node:assert/strict'
import { test } from 'node:test'
import { soak } from '../bench/soak/soak.js'

test(
  'soak() for some seconds: in order, none twice, none lost that is promised, others undisturbed by who does not read',
  { timeout: 60_000 },
  async (t) => {
    const seed = Number(process.env['SOAK_SEED'] ?? 4)
    t.diagnostic(`seed ${seed}`)

    const { phases, faults } = await soak({ seed, forMs: 8000 })

    assert.deepEqual(faults, [])
    assert.ok(phases.length > 3, `${phases.length} phases`)
  },
)
