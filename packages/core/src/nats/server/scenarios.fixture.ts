import { rawClient, type RawClient } from '../raw-client.fixture.js'

/** For tests: a conversation of several clients with a server. A client connects when it first speaks. */
export interface Scenario {
  readonly name: string
  /** In nats-server's own format. */
  readonly native?: string
  readonly steps: readonly Step[]
}

/** Who says what. */
export type Step = readonly [client: string, text: string]

/** For tests: what every client of a scenario heard, and `<ended>` when the server has closed its connection. PINGs of the server are left out. */
export async function play(port: number, { steps }: Pick<Scenario, 'steps'>): Promise<Record<string, string>> {
  const clients = new Map<string, RawClient>()
  const asked = new Map<string, number>()
  try {
    for (const [name, text] of steps) {
      const speaker = clients.get(name) ?? (await rawClient(port))
      clients.set(name, speaker)
      speaker.send(text)
      // Those that it asks for itself come first.
      asked.set(name, (asked.get(name) ?? 0) + (text.match(/^ping/gim)?.length ?? 0))
      // The speaker first: when it has its PONG, what it caused is on its way to the others, and is there before theirs.
      await settle(name, speaker)
      for (const [other, client] of clients) if (other !== name) await settle(other, client)
    }
    const heard: Record<string, string> = {}
    for (const [name, client] of clients) heard[name] = tidy(client.text()) + (client.isClosed() ? '<ended>' : '')
    return heard
  } finally {
    for (const client of clients.values()) client.close()
  }

  async function settle(name: string, client: RawClient): Promise<void> {
    const wanted = (asked.get(name) ?? 0) + 1
    asked.set(name, wanted)
    client.send('PING\r\n')
    await client.when((text) => pongs(text) >= wanted)
  }
}

const pongs = (text: string) => text.split('PONG\r\n').length - 1
const tidy = (text: string) => text.replaceAll(/(?<=^|\r\n)PING\r\n/g, '').replaceAll('PONG\r\n', '.')
