/** Where the processes of a project on this machine meet, for `net.connect` and `net.Server.listen`. */
export type Place = { readonly path: string } | { readonly host: string; readonly port: number }

// What an address of a Unix socket holds.
const addressBytes = 108
const firstPort = 21_000
const ports = 10_000

/**
 * The place of `project`: one that only one process can hold, and that is free as soon as that process is gone, however it ended.
 *
 * On Linux the abstract Unix socket `\0micro-<project>`, elsewhere a port of loopback that the project's id gives.
 */
export function placeOf(project: string, platform: NodeJS.Platform = process.platform): Place {
  if (platform !== 'linux') return { host: '127.0.0.1', port: firstPort + (digest(project).readUInt32BE(0) % ports) }
  const name = /^[A-Za-z0-9._-]{1,90}$/.test(project) ? project : digest(project).toString('hex')
  // Filled up, since some versions of Node take the whole address and others what is written of it: they would be two places.
  return { path: `\0micro-${name}`.padEnd(addressBytes, '\0') }
}

/** For people. */
export function placeText(place: Place): string {
  return 'path' in place ? `@${place.path.replaceAll('\0', '')}` : `${place.host}:${place.port}`
}

function digest(text: string): Buffer {
  // Loaded here, since a service that uses no broker has no need of it.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(text).digest()
}
