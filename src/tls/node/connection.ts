/** A TLS socket of Node's over a carrier connection, as a Connection. */
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { plainBytes } from '../../base/bytes.ts'
import type { Machine } from '../../base/machine.ts'
import type { Connection, Security } from '../../socket/host.ts'
import { toDuplex } from '../../socket/node/duplex.ts'
import { fromDuplex } from '../../socket/node/from-duplex.ts'
import { nodeSocketOf } from '../../socket/node/native.ts'

/** The stream that Node's TLS reads and writes: a socket of its own where there is one. */
export function streamOf(machine: Machine, carrier: Connection): Duplex {
  const socket = nodeSocketOf(carrier)
  return socket ?? toDuplex(carrier, { clock: machine.clock, allowHalfOpen: true })
}

/** The connection above a handshake that is done. */
export function secured(machine: Machine, carrier: Connection, socket: TLSSocket): Connection {
  const { local, remote } = carrier
  return fromDuplex(socket, { local, remote, security: securityOf(socket), clock: machine.clock, carrier })
}

function securityOf(socket: TLSSocket): Security {
  const { standardName } = socket.getCipher()
  const name = (socket as { servername?: string | false | null }).servername
  const certificate = socket.getPeerX509Certificate()?.raw
  return {
    protocol: socket.alpnProtocol || null,
    serverName: name || null,
    version: socket.getProtocol() ?? 'TLS',
    cipher: standardName,
    authorized: socket.authorized,
    certificate: certificate === undefined ? null : plainBytes(certificate),
  }
}
