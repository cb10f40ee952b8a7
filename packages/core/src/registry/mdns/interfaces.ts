import type { NetworkInterfaceInfo } from 'node:os'
import { isLoopback, isUnspecified, parseIp } from './ip.js'

/** Which network interfaces are used: the loopback one alone, or those named (`eth0`, or by one of their addresses). An empty list: none. */
export type InterfaceChoice = 'loopback' | readonly string[]

/** An interface that packets are sent and heard on. */
export interface NetworkInterface {
  readonly name: string
  readonly isLoopback: boolean
  /** Its first IPv4 address. */
  readonly ipv4: string | undefined
  /** What names it to the IPv6 multicast calls: `::%eth0`. */
  readonly ipv6: string | undefined
}

/** Where a packet came from: this host, a network that we are on, or farther away, where nobody has business with mDNS. */
export type Nearness = 'host' | 'link' | 'far'

/** What node:os tells: addresses by interface, of those that are up. */
export type FoundInterfaces = Readonly<NodeJS.Dict<readonly NetworkInterfaceInfo[]>>

/** The chosen interfaces; all that are up when nothing was chosen. */
export function chooseInterfaces(
  found: FoundInterfaces,
  choice: InterfaceChoice | undefined,
  platform: NodeJS.Platform = process.platform,
): NetworkInterface[] {
  return Object.entries(found)
    .filter(([name, addresses = []]) => isChosen(name, addresses, choice))
    .map(([name, addresses = []]) => {
      const isLoopbackInterface = addresses.some((one) => one.internal)
      const ipv4 = addresses.find((one) => one.family === 'IPv4')?.address
      const linkLocal = addresses.find((one) => one.family === 'IPv6' && /^fe[89ab]/i.test(one.address))
      const zone = platform === 'win32' ? String(linkLocal?.scopeid ?? '') : name
      // One end of a container's cable has an IPv6 link-local address and nothing else; nobody serves there.
      const isCable = addresses.every((one) => one === linkLocal)
      // On loopback IPv4 is enough: two packets for each would only cost.
      const speaksIpv6 = isLoopbackInterface ? ipv4 === undefined : linkLocal !== undefined && !isCable
      return { name, isLoopback: isLoopbackInterface, ipv4, ipv6: speaksIpv6 ? `::%${zone}` : undefined }
    })
    .filter((one) => one.ipv4 !== undefined || one.ipv6 !== undefined)
}

/** How near an address is, by the subnets of the chosen interfaces. */
export function nearness(found: FoundInterfaces, chosen: readonly NetworkInterface[], address: string): Nearness {
  const bytes = parseIp(address)
  if (bytes === undefined) return 'far'
  if (isLoopback(bytes)) return 'host'
  const own = Object.values(found).flatMap((addresses) => addresses ?? [])
  // With loopback alone Linux has no address to send multicast from, unless the sender names the interface, which Go does not.
  if (isUnspecified(bytes)) return own.every((one) => one.internal) ? 'host' : 'far'
  if (own.some((one) => isEqual(parseIp(one.address), bytes))) return 'host'
  const networks = chosen.flatMap((one) => found[one.name] ?? [])
  return networks.some((one) => isInSubnet(bytes, one.cidr)) ? 'link' : 'far'
}

function isChosen(name: string, addresses: readonly NetworkInterfaceInfo[], choice: InterfaceChoice | undefined): boolean {
  if (choice === undefined) return true
  if (choice === 'loopback') return addresses.some((one) => one.internal)
  return choice.includes(name) || addresses.some((one) => choice.includes(one.address))
}

function isInSubnet(bytes: Uint8Array, cidr: string | null): boolean {
  const [network = '', prefix = ''] = cidr?.split('/') ?? []
  const base = parseIp(network)
  if (base === undefined || base.length !== bytes.length) return false
  const bits = Number(prefix)
  return base.every((byte, index) => {
    const mask = 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * index)))
    return (byte & mask) === ((bytes[index] ?? 0) & mask)
  })
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && b.every((byte, index) => byte === a[index])
}
