import { referenceErrors } from './errors.js'

/** A host and, when it is written, its port. */
export interface HostAndPort {
  readonly host: string
  readonly port?: number
}

// RFC 1035: letters, digits and inner hyphens, 63 a label, 253 in all.
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const longestHost = 253

/**
 * Reads `git.example.com` or `git.example.com:8443`; `text` is the whole reference, for the message. `plainPort` is the one that is left out.
 *
 * Letters outside ASCII and their punycode are refused, since they may look like another host.
 *
 * @throws MicroError `HOST_SYNTAX`
 */
export function parseHost(written: string, text: string, plainPort: number): HostAndPort {
  const [name = '', digits, ...more] = written.split(':')
  if (more.length > 0) throw referenceErrors.host(text, 'there is more than one ":" in its host', 'Write host:port/owner/repository.')
  const host = name.toLowerCase()
  checkHost(host, text)
  if (digits === undefined) return { host }
  const port = Number(digits)
  if (!/^[1-9]\d{0,4}$/.test(digits) || port > 65_535)
    throw referenceErrors.host(text, `its port must be 1 to 65535`, `Write ${host}:<port>/<path>, or for ssh git@${host}:<path>.`)
  return port === plainPort ? { host } : { host, port }
}

function checkHost(host: string, text: string): void {
  const labels = host.split('.')
  const refuse = (why: string) => referenceErrors.host(text, why, 'Write the host as github.com or git.example.com, in plain letters.')
  if (host.includes('@')) throw refuse('there is an "@" in its host')
  if (/[^ -~]/.test(host)) throw refuse('its host has letters that look like others')
  if (host === '' || host.length > longestHost) throw refuse('its host is empty or too long')
  if (!labels.every((part) => label.test(part))) throw refuse('its host is not made of letters, digits, "-" and "."')
  if (labels.some((part) => part.startsWith('xn--'))) throw refuse('its host has letters that look like others, in punycode')
  if (labels.length < 2) throw refuse('its host has no "."')
  if (/^\d+$/.test(labels.at(-1) as string) && !isIPv4(labels)) throw refuse('its host is a number that is no address')
}

function isIPv4(labels: readonly string[]): boolean {
  return labels.length === 4 && labels.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}
