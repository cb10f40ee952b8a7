import { after, before, test } from 'node:test'
import { registrySuite } from '@microts/core/registry/conformance'
import { conformance } from '@microts/core/testing'
import { etcdRegistry } from './etcd-registry.js'
import { noEtcd, startEtcd, type RealEtcd } from './testing/etcd-server.fixture.js'

let etcd: RealEtcd | undefined

before(async () => {
  if (noEtcd === false) etcd = await startEtcd()
})
after(() => etcd?.stop())

const connect = () => etcdRegistry({ endpoints: etcd?.url ?? '' })

conformance((name, run) => test(name, { skip: noEtcd }, run), registrySuite, { create: connect, peer: connect })
