/** The options of TCP sockets, and what they mean to a Tcb. */
import type { OptionName } from '../../socket/options.ts'
import { limits, type Tcb, type TcpSettings } from '../../tcp/index.ts'
import { TTL } from '../limits.ts'
import type { Defaults, OptionTable } from './options.ts'

/** What a connection has, and a listener passes on to the connections it accepts. */
export const TCP_DEFAULTS: Defaults = {
  SO_REUSEADDR: 0,
  SO_REUSEPORT: 0,
  SO_ERROR: 0,
  SO_KEEPALIVE: 0,
  SO_LINGER: { on: false, seconds: 0 },
  SO_RCVBUF: limits.RECEIVE_BUFFER,
  SO_SNDBUF: limits.SEND_BUFFER,
  TCP_NODELAY: 0,
  IP_TTL: TTL,
}

/** How a Tcb begins. */
export function tcpSettings(options: OptionTable): Partial<TcpSettings> {
  return {
    receiveBuffer: options.number('SO_RCVBUF'),
    sendBuffer: options.number('SO_SNDBUF'),
    noDelay: options.flag('TCP_NODELAY'),
    keepAlive: options.flag('SO_KEEPALIVE'),
  }
}

/** An option was set on a living connection. The rest is looked up when it is needed. */
export function applyOption(tcb: Tcb, options: OptionTable, name: OptionName): void {
  if (name === 'TCP_NODELAY') tcb.noDelay = options.flag(name)
  else if (name === 'SO_KEEPALIVE') tcb.keepAlive = options.flag(name)
  else if (name === 'SO_SNDBUF') tcb.sendBufferSize = options.number(name)
  else if (name === 'SO_RCVBUF') tcb.receiveBufferSize = options.number(name)
}
