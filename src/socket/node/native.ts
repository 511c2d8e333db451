/**
 * Node's own sockets under a Host. TLS of `node:tls` reads and writes those in C++, which costs a third of what a stream
 * in JavaScript costs: a host that stands on them says so here.
 */
import type { Socket } from 'node:net'
import type { Connection, Host } from '../host.ts'

/** A host of this machine, which can make connections of Node's own sockets. */
export interface NodeSocketHost extends Host {
  /** The same machine by Node's sockets: `nodeSocketOf` finds one under each of its connections. */
  readonly nodeSockets: Host
}

/** A connection that stands on a socket of Node's. */
export interface NodeSocketConnection extends Connection {
  /**
   * The socket below, for whoever becomes its owner in place of an owner of the connection; null once there was one, who
   * may have read from it.
   */
  readonly nodeSocket: Socket | null
}

/** The host to be used for what works best on Node's own sockets. */
export function overNodeSockets(host: Host): Host {
  return 'nodeSockets' in host ? (host as NodeSocketHost).nodeSockets : host
}

/** The socket of Node's under a connection; null where there is none. */
export function nodeSocketOf(connection: Connection): Socket | null {
  return 'nodeSocket' in connection ? (connection as NodeSocketConnection).nodeSocket : null
}
