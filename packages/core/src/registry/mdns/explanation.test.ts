import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explanation, type Findings } from './explanation.js'

const well: Findings = {
  link: { isListening: true, canAsk: true, problems: () => [], interfaces: () => ['lo', 'eth0'] },
  works: true,
  folder: '/run/registry/p',
  project: 'p',
  lastLookup: 'orders',
  passedOver: 0,
}

test('explanation() has nothing to say when all works, or nothing is known yet', () => {
  assert.equal(explanation(well), undefined)
  assert.equal(explanation({ ...well, works: undefined }), undefined)
})

test('explanation() names the reason why multicast does not serve, and the folder that does', () => {
  const link = { ...well.link, problems: () => ['port 5353 over IPv4: EADDRINUSE'] }
  const said = [
    explanation({ ...well, works: false, link: { ...well.link, interfaces: () => [] } }),
    explanation({ ...well, works: false, link: { ...link, isListening: false } }),
    explanation({ ...well, works: false }),
  ]

  assert.match(said[0] ?? '', /no network interface/)
  assert.match(said[1] ?? '', /port 5353.*EADDRINUSE/)
  assert.match(said[2] ?? '', /does not come back/)
  for (const one of said) assert.match(one ?? '', /\/run\/registry\/p.*project "p"/)
})

test('explanation() names interfaces that do not work, and nodes of other projects', () => {
  const link = { ...well.link, problems: () => ['eth0: ENODEV'] }

  assert.match(explanation({ ...well, link }) ?? '', /eth0: ENODEV/)
  assert.match(explanation({ ...well, passedOver: 2 }) ?? '', /2 nodes of "orders" belong to another project/)
})
