import { createService, topic } from '@microts/core'
import { createTransport } from 'nodemailer'
import { z } from 'zod'

const Placed = z.object({ id: z.string(), item: z.string(), quantity: z.number() })

export const notify = createService({
  name: 'notify',
  version: '1.0.0',
  topics: {
    'orders.placed': topic({ input: Placed }, async (order, { config, log }) => {
      const mail = {
        from: 'shop@example.com',
        to: 'customer@example.com',
        subject: `Your order of ${order.quantity} ${order.item}`,
        text: `Thank you. We have your order ${order.id}: ${order.quantity} of ${order.item}.`,
      }
      // SMTP_URL is given by the mail catcher that micro.yml names; in production, by the environment.
      const smtpUrl = config.get('env.SMTP_URL')
      if (typeof smtpUrl !== 'string') {
        log.error({ order: order.id }, 'no mail is sent: SMTP_URL is not set; `micro up` runs a mail catcher and sets it')
        return
      }
      await createTransport(smtpUrl).sendMail(mail)
      log.info({ order: order.id }, 'mail sent')
    }),
  },
})
