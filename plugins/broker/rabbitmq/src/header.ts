import type { Message } from '@microts/core/broker'

// A header that is no AMQP header as it stands goes into this one, with others of its kind, as JSON.
const overflowKey = 'micro-more'
const maxKeyBytes = 255

// What RabbitMQ takes for its own: where a copy shall go (it ends the channel when that is a text), and what has become of a message so far.
const isServers = (key: string) => /^(?:CC|BCC|x-(?:death|delivery-count|(?:first|last)-death-.*|opt-.*))$/.test(key)

/** A message's header as AMQP headers, which go-micro reads. */
export function toHeaders(header: Message['header']): Record<string, string> {
  const headers: Record<string, string> = {}
  let more: Record<string, string> | undefined
  for (const [key, value] of Object.entries(header)) {
    if (key.length > maxKeyBytes || key === overflowKey || isServers(key)) (more ??= {})[key] = value
    else headers[key] = value
  }
  if (more !== undefined) headers[overflowKey] = JSON.stringify(more)
  return headers
}

/** The bytes of AMQP headers on the wire, with what goes around them in their frame. */
export function frameBytesOf(headers: Readonly<Record<string, string>>): number {
  let bytes = 64
  for (const [key, value] of Object.entries(headers)) bytes += 6 + Buffer.byteLength(key) + Buffer.byteLength(value)
  return bytes
}

/** AMQP headers as a message's header. Numbers and truth values become texts; what has no text is left out, as is what the server has added. */
export function fromHeaders(headers: Readonly<Record<string, unknown>>, contentType: string | undefined): Record<string, string> {
  // Keys are the sender's, who may call one __proto__.
  const header = Object.create(null) as Record<string, string>
  for (const [key, value] of Object.entries(headers)) {
    if (key === overflowKey) Object.assign(header, readOverflow(value))
    else if (isServers(key)) continue
    else if (typeof value === 'string') header[key] = value
    else if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') header[key] = String(value)
  }
  if (contentType !== undefined) header['Content-Type'] ??= contentType
  return header
}

function readOverflow(value: unknown): Record<string, string> {
  try {
    const found: unknown = JSON.parse(String(value))
    if (typeof found !== 'object' || found === null) return {}
    return Object.fromEntries(Object.entries(found).filter(([, text]) => typeof text === 'string'))
  } catch {
    return {} // somebody else's header of that name
  }
}
