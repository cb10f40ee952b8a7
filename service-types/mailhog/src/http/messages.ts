import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Mail } from '../mail.js'
import { toMailHog } from '../mailhog/message.js'
import { commonHeaders } from './reply.js'

/**
 * Sends mails as a JSON array between `before` and `after`, one at a time, at the reader's pace.
 *
 * All in one string they could pass the longest that JavaScript has (512 MiB), since a body is in each message up to three times.
 * A reader that leaves early ends it without an error.
 */
export async function sendMessages(
  response: ServerResponse,
  mails: readonly Mail[],
  hostname: string,
  { before, after }: { readonly before: string; readonly after: string },
): Promise<void> {
  response.writeHead(200, { ...commonHeaders, 'content-type': 'application/json; charset=utf-8' })
  const chunks = function* () {
    yield before
    for (const [index, mail] of mails.entries()) yield `${index === 0 ? '' : ','}${JSON.stringify(toMailHog(mail, hostname))}`
    yield after
  }
  await pipeline(Readable.from(chunks()), response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  })
}
