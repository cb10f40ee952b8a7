import { callbackify } from 'node:util'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { ReceivedMail } from './mail.js'

/** How the SMTP side behaves. */
export interface SmtpOptions {
  readonly hostname: string
  /** A larger message is refused: at MAIL when the client says its size, else with 552 after its last byte, of which no more than this is ever held. */
  readonly maxMessageBytes: number
  /** Takes a whole mail. The client hears 250 once it resolves, 450 when it rejects. */
  readonly receive: (mail: ReceivedMail) => Promise<void>
}

// A client that is in the middle of a mail when the catcher ends may finish it in this time; the whole ends within a second.
const closeTimeoutMs = 250
// A program under test opens a handful; more at once is a leak, and each may hold a whole message in memory.
const maxClients = 100
// RFC 5321, 4.5.3.1.8, asks for at least 100.
const maxRecipients = 1000

/**
 * An SMTP server that accepts mail from anyone for anyone, any user name and password included, and speaks no TLS. It is not yet listening.
 */
export function smtpServer({ hostname, maxMessageBytes, receive }: SmtpOptions): SMTPServer {
  const take = callbackify(async (stream: SMTPServerDataStream, session: SMTPServerSession) => {
    const raw = await collect(stream, maxMessageBytes)
    if (raw !== undefined) await receive({ ...envelope(session), raw })
  })
  const server = new SMTPServer({
    name: hostname,
    banner: 'Micro mail catcher',
    size: maxMessageBytes,
    rejectOversized: true,
    // Without TLS to offer, STARTTLS would only make clients fail on a certificate that nobody trusts.
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5'],
    // Half of what is sent to a catcher comes from configurations that a real server would refuse.
    lenientAddressParsing: true,
    disableReverseLookup: true,
    closeTimeout: closeTimeoutMs,
    maxClients,
    maxRecipients,
    logger: false,
    onAuth: (auth, _session, done) => done(null, { user: auth.username || 'anyone' }),
    onData: (stream, session, done) => take(stream, session, done),
  })
  // A connection that breaks concerns its client only; without a listener it would end the process. A failure to listen has its own listener (listen.ts).
  server.on('error', () => undefined)
  return server
}

function envelope(session: SMTPServerSession): Pick<ReceivedMail, 'from' | 'to' | 'helo'> {
  const { mailFrom, rcptTo } = session.envelope
  return {
    from: mailFrom === false ? '' : mailFrom.address,
    to: rcptTo.map(({ address }) => address),
    helo: session.hostNameAppearsAs,
  }
}

// Undefined when the message is too large: smtp-server then answers 552 itself (rejectOversized), after the stream was read to its end.
async function collect(stream: SMTPServerDataStream, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
    else chunks.length = 0
  }
  return bytes <= maxBytes ? Buffer.concat(chunks) : undefined
}
