import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApp } from '@microts/core/testing'
import { mailCatcher } from '@microts/service-mailhog'
import { notify } from './notify.js'

test('orders.placed becomes a mail', async () => {
  const catcher = await mailCatcher()
  const app = await testApp(notify, { config: { env: { SMTP_URL: `smtp://127.0.0.1:${catcher.ports.smtp}` } } })
  try {
    const order = { id: '7', item: 'tea', quantity: 2 }

    await app.broker.publish('orders.placed', {
      header: { 'Content-Type': 'application/json' },
      body: new TextEncoder().encode(JSON.stringify(order)),
    })

    const subjects = async () => {
      const reply = await fetch(`http://127.0.0.1:${catcher.ports.http}/api/v2/messages`)
      const { items } = (await reply.json()) as { items: { Content: { Headers: { Subject: string[] } } }[] }
      return items.map((item) => item.Content.Headers.Subject[0])
    }
    await app.eventually(async () => (await subjects()).includes('Your order of 2 tea'))
    assert.equal((await subjects()).length, 1)
  } finally {
    await app.close()
    await catcher.close()
  }
})
