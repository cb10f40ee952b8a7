/**
 * The address that others are told: what the setting says, with the listener's port when it names none; else where the service listens.
 *
 * A node that listens everywhere is told by an address that others can use: the first one that is not loopback, IPv4 before IPv6.
 */
export function advertisedAddress(advertise: string | undefined, listening: string): string {
  const port = listening.slice(listening.lastIndexOf(':') + 1)
  if (advertise !== undefined) return /^(?:\[.*\]|[^:]+):\d+$/.test(advertise) ? advertise : `${bracketed(advertise)}:${port}`
  return /^(?:0\.0\.0\.0|\[::\]):/.test(listening) ? `${outsideAddress()}:${port}` : listening
}

function outsideAddress(): string {
  // Loaded here: the usual service listens on loopback and never asks.
  const { networkInterfaces } = process.getBuiltinModule('node:os')
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const outside = all.filter((one) => !one.internal && !one.address.startsWith('fe80:'))
  const best = outside.find((one) => one.family === 'IPv4') ?? outside[0]
  return bracketed(best?.address ?? '127.0.0.1')
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}
