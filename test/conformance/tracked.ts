/** A host that remembers what was opened on it, so that a test that fails lets go of what it holds. */
import type { Accept, Connection, Datagrams, Host, Listener } from '../../src/socket/host.ts'

export interface Tracked {
  readonly host: Host
  /** Resets, closes and stops whatever is still open. */
  release(): void
}

export function tracked(host: Host): Tracked {
  const open: (() => void)[] = []
  const kept = <T extends Connection>(connection: T): T => {
    open.push(() => connection.reset())
    return connection
  }
  const wrapped: Host = {
    name: host.name,
    clock: host.clock,
    random: host.random,
    events: host.events,
    async listen(at, accept: Accept, options): Promise<Listener> {
      const listener = await host.listen(at, (connection) => accept(kept(connection)), options)
      open.push(() => void listener.close())
      return listener
    },
    connect: async (to, options) => kept(await host.connect(to, options)),
    async datagrams(at, options): Promise<Datagrams> {
      const socket = await host.datagrams(at, options)
      open.push(() => socket.close())
      return socket
    },
    unixDatagrams:
      host.unixDatagrams &&
      (async (at, options) => {
        const socket = await host.unixDatagrams!(at, options)
        open.push(() => socket.close())
        return socket
      }),
    pair: host.pair && (async () => (await host.pair!()).map(kept) as [Connection, Connection]),
    datagramPair: host.datagramPair?.bind(host),
    lookup: (name, family) => host.lookup(name, family),
  }
  const release = (): void => {
    for (const close of open.splice(0)) close()
  }
  return { host: wrapped, release }
}
