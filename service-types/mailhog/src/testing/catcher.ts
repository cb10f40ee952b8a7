import { request, type IncomingHttpHeaders } from 'node:http'
import type { TestContext } from 'node:test'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { mailCatcher, type MailCatcher, type MailCatcherOptions } from '../mail-catcher.js'

/** A reply with its body read as text. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly bytes: Buffer
}

/** A catcher on free ports that ends with the test. */
export async function startCatcher(t: TestContext, options?: MailCatcherOptions): Promise<MailCatcher> {
  const catcher = await mailCatcher(options)
  t.after(() => catcher.close())
  return catcher
}

/** Sends mails one after the other, over one connection: smtp-server greets each new one after 100 ms only. */
export async function sendMail(catcher: MailCatcher, ...mails: readonly SendMailOptions[]): Promise<void> {
  const transport = createTransport({
    host: catcher.host,
    port: catcher.ports.smtp,
    name: 'client.example',
    pool: true,
    maxConnections: 1,
    maxMessages: Infinity,
  })
  try {
    for (const mail of mails) await transport.sendMail({ from: 'shop@example.com', to: 'alice@example.com', ...mail })
  } finally {
    transport.close()
  }
}

/** One HTTP request, with any header, also those that fetch() keeps to itself. */
export function call(
  port: number,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes.toString(), bytes })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** The `reason` of an error reply. */
export function reasonOf(reply: Reply): string {
  return (JSON.parse(reply.body) as { error: { reason: string } }).error.reason
}
