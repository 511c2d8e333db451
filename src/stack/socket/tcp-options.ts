/** The options of TCP sockets, and what they mean to a Tcb. */
import { MILLISECOND, SECOND } from '../../base/clock.ts'
import { type Duration, ms, seconds } from '../../base/duration.ts'
import { SocketError } from '../../base/errors.ts'
import type { OptionSettings } from '../../socket/host.ts'
import type { OptionName, OptionValue } from '../../socket/options.ts'
import { TCP_SETTINGS, type TcpSettings, tcpSettings } from '../../tcp/index.ts'
import type { StackLimits } from '../limits.ts'
import { TTL } from '../net/ttl.ts'
import { type Defaults, OptionTable } from './options.ts'

/** How long TCP_CORK holds a partial segment back at most, as on Linux. */
const CORK_CEILING: Duration = ms(200)

/** What sockets begin with that share settings: one object for all of them. */
const known = new WeakMap<TcpSettings, Defaults>()

/** What a socket has that has set nothing. */
function tcpDefaults(settings: TcpSettings): Defaults {
  let defaults = known.get(settings)
  if (defaults === undefined) known.set(settings, (defaults = defaultsOf(settings)))
  return defaults
}

function defaultsOf(settings: TcpSettings): Defaults {
  return {
    SO_REUSEADDR: 0,
    SO_REUSEPORT: 0,
    SO_ERROR: 0,
    SO_KEEPALIVE: settings.keepAlive ? 1 : 0,
    SO_LINGER: { on: false, seconds: 0 },
    SO_RCVBUF: settings.receiveBuffer,
    SO_SNDBUF: settings.sendBuffer,
    TCP_NODELAY: settings.noDelay ? 1 : 0,
    TCP_MAXSEG: settings.maxSegment,
    TCP_CORK: 0,
    TCP_KEEPIDLE: Math.ceil(settings.keepAliveIdle / SECOND),
    TCP_KEEPINTVL: Math.ceil(settings.keepAliveInterval / SECOND),
    TCP_KEEPCNT: settings.keepAliveProbes,
    TCP_INFO: {},
    TCP_QUICKACK: settings.delayedAck === 0 ? 1 : 0,
    TCP_CONGESTION: settings.congestion,
    TCP_USER_TIMEOUT: Math.ceil(settings.userTimeout / MILLISECOND),
    TCP_NOTSENT_LOWAT: 0,
    IP_TTL: TTL,
  }
}

/** What an option sets of TCP, where its socket has set it. @param stack what connections of the stack begin with */
const SETS: { readonly [name in OptionName]?: (table: OptionTable, stack: TcpSettings) => Partial<TcpSettings> } = {
  SO_RCVBUF: (table) => ({ receiveBuffer: table.number('SO_RCVBUF') }),
  SO_SNDBUF: (table) => ({ sendBuffer: table.number('SO_SNDBUF') }),
  SO_KEEPALIVE: (table) => ({ keepAlive: table.flag('SO_KEEPALIVE') }),
  TCP_NODELAY: (table) => ({ noDelay: table.flag('TCP_NODELAY') }),
  TCP_MAXSEG: (table) => ({ maxSegment: table.number('TCP_MAXSEG') }),
  TCP_KEEPIDLE: (table) => ({ keepAliveIdle: seconds(table.number('TCP_KEEPIDLE')) }),
  TCP_KEEPINTVL: (table) => ({ keepAliveInterval: seconds(table.number('TCP_KEEPINTVL')) }),
  TCP_KEEPCNT: (table) => ({ keepAliveProbes: table.number('TCP_KEEPCNT') }),
  TCP_QUICKACK: (table, stack) => ({ delayedAck: table.flag('TCP_QUICKACK') ? ms(0) : slowAck(stack) }),
  TCP_CONGESTION: (table) => ({ congestion: table.text('TCP_CONGESTION') }),
  TCP_USER_TIMEOUT: (table) => ({ userTimeout: ms(table.number('TCP_USER_TIMEOUT')) }),
}

function slowAck({ delayedAck }: TcpSettings): Duration {
  return delayedAck === 0 ? TCP_SETTINGS.delayedAck : delayedAck
}

/** What was made of the values of a table: sockets whose values are the same object share their settings, too. */
const made = new WeakMap<Defaults, TcpSettings>()

/** The settings of a connection with these options on a stack with those settings. */
export function settingsOf(table: OptionTable, stack: TcpSettings): TcpSettings {
  const { values } = table
  const defaults = tcpDefaults(stack)
  if (values === defaults) return stack
  let settings = made.get(values)
  if (settings === undefined) {
    let changes: Partial<TcpSettings> = {}
    for (const name of Object.keys(SETS) as OptionName[])
      if (values[name] !== defaults[name]) changes = { ...changes, ...SETS[name]!(table, stack) }
    settings = tcpSettings(changes, stack)
    made.set(values, settings)
  }
  return settings
}

/**
 * The table of a new socket.
 * @throws what `setTcpOption` throws
 */
export function tcpTable(stack: TcpSettings, given: OptionSettings = {}): OptionTable {
  const table = new OptionTable(tcpDefaults(stack))
  for (const [name, value] of Object.entries(given)) setTcpOption(table, name as OptionName, value, stack)
  return table
}

/** @throws what `OptionTable.set` throws; SocketError ENOENT for a congestion control that the stack does not have */
export function setTcpOption(table: OptionTable, name: OptionName, value: OptionValue, stack: TcpSettings): void {
  if (name === 'TCP_CONGESTION' && typeof value === 'string' && !Object.hasOwn(stack.algorithms, value)) {
    const known = Object.keys(stack.algorithms).join(', ')
    const hint = `TCP_CONGESTION takes ${known}, not ${JSON.stringify(value)}`
    throw new SocketError('ENOENT', 'setsockopt', { hint })
  }
  table.set(name, value)
}

/** Above so many unsent bytes `write` answers false. */
export function highWater(table: OptionTable, limits: StackLimits): number {
  return table.number('TCP_NOTSENT_LOWAT') || limits.writeHighWater
}

/** At so many unsent bytes `onDrain` follows. */
export function lowWater(table: OptionTable, limits: StackLimits): number {
  return table.number('TCP_NOTSENT_LOWAT') || limits.writeLowWater
}

/** How long a partial segment may wait for more. */
export function corkTime(table: OptionTable): Duration {
  return table.flag('TCP_CORK') ? CORK_CEILING : ms(0)
}
