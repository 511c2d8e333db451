/** A host whose connections all go to one place. */
import type { Address } from './address.ts'
import type { Host, OptionSettings } from './host.ts'
import { OPTIONS, type OptionName, SOL_SOCKET } from './options.ts'

/**
 * A host that connects to `to`, whatever address is asked for, and whose names need no lookup: for a server behind a Unix
 * socket, as `curl --unix-socket` reaches one. It listens and does all else as `host` does. Options of IP and TCP do not
 * go along to a path.
 *
 * @example
 * const docker = new Client(connectTo(kernelHost(), { path: '/run/docker.sock' }))
 * const reply = await docker.request('http://localhost/version')
 */
export function connectTo(host: Host, to: Address): Host {
  return {
    name: host.name,
    clock: host.clock,
    random: host.random,
    events: host.events,
    listen: (at, accept, options) => host.listen(at, accept, options),
    datagrams: (at, options) => host.datagrams(at, options),
    unixDatagrams: host.unixDatagrams,
    pair: host.pair,
    datagramPair: host.datagramPair,
    connect: (_asked, options = {}) =>
      host.connect(to, to.path === undefined ? options : { ...options, options: generic(options.options ?? {}) }),
    lookup: async (_name, family) => [family === 6 ? '::1' : '127.0.0.1'],
  }
}

/** Those that are not a protocol's. */
function generic(options: OptionSettings): OptionSettings {
  return Object.fromEntries(Object.entries(options).filter(([name]) => OPTIONS[name as OptionName][0] === SOL_SOCKET))
}
