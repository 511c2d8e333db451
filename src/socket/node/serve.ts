/** A server of `node:net`, `node:http`, `node:https`, `node:tls` or `node:http2` on a Host. */
import { Server } from 'node:net'
import { ipVersion } from '../../base/ip.ts'
import type { Address } from '../address.ts'
import type { Connection, Host, Listener, ListenOptions } from '../host.ts'
import { toDuplex } from './duplex.ts'
import { endWithoutHandshake, speaksTls, tellServerEnds } from './secure.ts'

/** What Node keeps of a server's settings, and does not declare. */
interface ServerSettings {
  readonly allowHalfOpen?: boolean
  readonly noDelay?: boolean
  readonly keepAlive?: boolean
  readonly keepAliveInitialDelay?: number
}

/** Settings of `serveNode`. */
export interface ServeNodeOptions extends ListenOptions {
  /** Default: every IPv4 interface. */
  readonly address?: string
}

/**
 * Listens on the host and hands every connection to the server, which need not (and must not) listen itself. The server
 * is told 'listening': what it checks regularly (`headersTimeout`, `requestTimeout`) begins then. Closing the listener
 * ends the serving; the connections that the server has are its own to end (`server.closeAllConnections()`).
 *
 * @example
 * await serveNode(internet.host('web'), http.createServer(express()), 80)
 *
 * @throws TypeError for what is no server of Node's, and for an address that is a name.
 */
export async function serveNode(
  host: Host,
  server: Server,
  port: number | Address,
  { address = '0.0.0.0', ...options }: ServeNodeOptions = {},
): Promise<Listener> {
  const at = typeof port === 'object' ? port : { address, port }
  requireServer(server)
  if (at.address !== undefined && ipVersion(at.address) === 0)
    throw new TypeError(`serveNode: ${at.address} is not an IP address: give the one that the host is to listen on`)
  let told = false
  const tellListening = (): void => {
    if (!told) server.emit('listening')
    told = true
  }
  const settings = server as ServerSettings
  const secure = speaksTls(server)
  // TLS ends its half itself, behind what it has still to send.
  const allowHalfOpen = secure || (settings.allowHalfOpen ?? true)
  const take = (connection: Connection): void => {
    tellListening() // the first client may be faster than the promise
    const socket = toDuplex(connection, { clock: host.clock, allowHalfOpen })
    if (secure) endWithoutHandshake(socket)
    if (settings.noDelay) socket.setNoDelay()
    if (settings.keepAlive) socket.setKeepAlive(true, settings.keepAliveInitialDelay)
    server.emit('connection', socket)
  }
  // A server that is served on several ports is asked once.
  if (!server.listeners('secureConnection').includes(tellServerEnds))
    server.prependListener('secureConnection', tellServerEnds)
  const listener = await host.listen(at, take, options)
  tellListening()
  return listener
}

function requireServer(server: unknown): void {
  if (server instanceof Server) return
  const given = typeof server === 'function' ? 'a function' : Object.prototype.toString.call(server)
  throw new TypeError(
    `serveNode takes a server of node:http, node:https, node:http2, node:tls or node:net, not ${given}: ` +
      'for a request handler or an Express app give http.createServer(app), for a Fastify app its `server`',
  )
}
