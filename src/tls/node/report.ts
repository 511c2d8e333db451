/** Events of TLS, where somebody listens. */
import type { Nanos } from '../../base/clock.ts'
import type { Machine } from '../../base/machine.ts'
import type { Connection } from '../../socket/host.ts'
import type { TlsEvent } from '../events.ts'

/** One handshake. */
export interface Handshake {
  readonly machine: Machine
  readonly side: TlsEvent['side']
  readonly carrier: Connection
  readonly began: Nanos
}

export function reportSecured(handshake: Handshake, connection: Connection, resumed: boolean): void {
  const { machine, side, began } = handshake
  const { clock, events, name } = machine
  if (!events.on) return
  const { local, remote } = connection
  const { serverName, version, cipher, protocol } = connection.security!
  const at = clock.now()
  const event: TlsEvent = {
    type: 'tls.secured',
    at,
    host: name,
    side,
    local,
    remote,
    serverName,
    version,
    cipher,
    protocol,
    resumed,
    took: at - began,
  }
  events.emit(event)
}

export function reportFailed({ machine, side, carrier }: Handshake, why: string): void {
  const { clock, events, name } = machine
  if (!events.on) return
  const { local, remote } = carrier
  const event: TlsEvent = { type: 'tls.failed', at: clock.now(), host: name, side, local, remote, why }
  events.emit(event)
}
