/** A server of `node:net`, `node:http`, `node:https`, `node:tls` or `node:http2` on a Host. */
import type { TLSSocket } from 'node:tls'
import { ipVersion } from '../../base/ip.ts'
import type { Address } from '../address.ts'
import type { Connection, Host, Listener, ListenOptions } from '../host.ts'
import { toDuplex } from './duplex.ts'
import { tellServerEnds } from './secure.ts'

/** What such a server is to this: somebody who takes connections, with the settings of `net.Server`. */
export interface NodeServer {
  emit(event: 'connection', socket: unknown): boolean
  listeners(event: 'secureConnection'): readonly unknown[]
  prependListener(event: 'secureConnection', listener: (socket: TLSSocket) => void): unknown
  readonly allowHalfOpen?: boolean
  readonly noDelay?: boolean
  readonly keepAlive?: boolean
  readonly keepAliveInitialDelay?: number
}

export interface ServeNodeOptions extends ListenOptions {
  /** Default: every IPv4 interface. */
  readonly address?: string
}

/**
 * Listens on the host and hands every connection to the server, which need not (and must not) listen itself. Closing
 * the listener stops that; what the server has is its own to end (`server.closeAllConnections()`).
 *
 * @example
 * await serveNode(internet.host('web'), http.createServer(express()), 80)
 */
export function serveNode(
  host: Host,
  server: NodeServer,
  port: number | Address,
  { address = '0.0.0.0', ...options }: ServeNodeOptions = {},
): Promise<Listener> {
  const at = typeof port === 'number' ? { address, port } : port
  if (at.address !== undefined && ipVersion(at.address) === 0)
    throw new TypeError(`serveNode: ${at.address} is no IP address: give the one that the host is to listen on`)
  const take = (connection: Connection): void => {
    const socket = toDuplex(connection, { clock: host.clock, allowHalfOpen: server.allowHalfOpen ?? true })
    if (server.noDelay) socket.setNoDelay()
    if (server.keepAlive) socket.setKeepAlive(true, server.keepAliveInitialDelay)
    server.emit('connection', socket)
  }
  // A server that is served on several ports is asked once.
  if (!server.listeners('secureConnection').includes(tellServerEnds))
    server.prependListener('secureConnection', tellServerEnds)
  return host.listen(at, take, options)
}
