import { rpcErrors } from './errors.js'

/**
 * Refuses what a browser sends for a page of another origin.
 *
 * A page of this very address passes, but only where the address is an IP address or `localhost`: a name that the attacker owns may point
 * here (DNS rebinding), and then page and service would have the same one.
 *
 * @throws `permission_denied`/`CROSS_SITE`
 */
export function refuseCrossSite(header: Readonly<Record<string, string>>): void {
  const origin = header['origin']
  if (origin === undefined) {
    if (header['sec-fetch-site'] === 'cross-site') throw rpcErrors.crossSite('another site')
    return
  }
  const host = (header['host'] ?? '').toLowerCase()
  const isSame = hostOf(origin) === host
  if (!isSame || !isAddress(host)) throw rpcErrors.crossSite(origin)
}

/**
 * Refuses to show what is read without a body to a page under a name that points here (DNS rebinding): such a page is of the same origin as far as its browser knows,
 * so it sends no `Origin`. Told by the name in `Host` when the client is on this machine, where people use addresses and `localhost`.
 *
 * @throws `permission_denied`/`CROSS_SITE`
 */
export function refuseRebinding(header: Readonly<Record<string, string>>, remote: string): void {
  const host = (header['host'] ?? '').toLowerCase()
  if (isOnThisHost(remote) && host !== '' && !isAddress(host)) throw rpcErrors.crossSite(host)
}

/** Whether a caller, `host:port`, is on this machine. */
export function isOnThisHost(remote: string): boolean {
  return /^(?:127\.|\[::1\]|\[::ffff:127\.)/.test(remote)
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function isAddress(host: string): boolean {
  const name = host.replace(/:\d+$/, '')
  return name === 'localhost' || name.endsWith('.localhost') || /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name)
}
