import { once } from 'node:events'
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'

/** A mail as these tests send it. */
export interface TestMail {
  /** @default 'shop@example.com' */
  readonly from?: string
  /** @default 'alice@example.com' */
  readonly to?: string
  readonly subject: string
  /** @default '' */
  readonly body?: string
}

/** Sends a mail by SMTP to a port of 127.0.0.1. Gives the last reply to each command, the greeting first; stops at the first that refuses. */
export async function sendMail(
  port: number,
  { from = 'shop@example.com', to = 'alice@example.com', subject, body = '' }: TestMail,
): Promise<readonly string[]> {
  const socket = createConnection(port, '127.0.0.1')
  const closed = once(socket, 'close')
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const reply = async () => {
    for (;;) {
      const next: IteratorResult<string, unknown> = await lines.next()
      if (next.done === true) throw new Error(`the server on port ${port} hung up`)
      // `250-SIZE` goes on, `250 SIZE` is the end.
      if (next.value[3] !== '-') return next.value
    }
  }
  const replies = [await reply()]
  const stuffed = body.replaceAll(/^\./gm, '..')
  const data = `Subject: ${subject}\r\nTo: ${to}\r\n\r\n${stuffed}\r\n.`
  for (const command of ['EHLO tests', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA', data]) {
    socket.write(`${command}\r\n`)
    replies.push(await reply())
    if (replies.at(-1)?.startsWith('5') === true) break
  }
  socket.write('QUIT\r\n')
  await reply()
  socket.destroy()
  await closed
  return replies
}

/** The mails that a catcher with MailHog's API keeps, newest first. */
export async function mailsAt(
  port: number,
): Promise<readonly { readonly subject: string; readonly to: readonly string[]; readonly body: string }[]> {
  const reply = await fetch(`http://127.0.0.1:${port}/api/v2/messages?limit=1000`)
  const { items } = (await reply.json()) as { items: MailHogMail[] }
  return items.map(({ Content, Raw }) => ({ subject: Content.Headers['Subject']?.[0] ?? '', to: Raw.To, body: Content.Body }))
}

interface MailHogMail {
  readonly Content: { readonly Headers: Readonly<Record<string, readonly string[]>>; readonly Body: string }
  readonly Raw: { readonly To: readonly string[] }
}
