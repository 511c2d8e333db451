/** The options of TCP sockets, and what they mean to a Tcb. */
import type { OptionName } from '../../socket/options.ts'
import { type LiveSettings, type TcpSettings, tcpSettings } from '../../tcp/index.ts'
import { TTL } from '../limits.ts'
import type { Defaults, OptionTable } from './options.ts'

/** What sockets begin with that share settings: one object for all of them. */
const known = new WeakMap<TcpSettings, Defaults>()

/** What a connection has, and a listener passes on to the connections it accepts. */
export function tcpDefaults(settings: TcpSettings): Defaults {
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
    IP_TTL: TTL,
  }
}

/** What each option sets of a connection, when it begins and while it lives. */
const SETTING: { readonly [name in OptionName]?: (table: OptionTable) => LiveSettings } = {
  SO_RCVBUF: (table) => ({ receiveBuffer: table.number('SO_RCVBUF') }),
  SO_SNDBUF: (table) => ({ sendBuffer: table.number('SO_SNDBUF') }),
  TCP_NODELAY: (table) => ({ noDelay: table.flag('TCP_NODELAY') }),
  SO_KEEPALIVE: (table) => ({ keepAlive: table.flag('SO_KEEPALIVE') }),
}

/** How a connection with these options begins on a stack with those settings. */
export function settingsOf(table: OptionTable, settings: TcpSettings): TcpSettings {
  let changes: LiveSettings = {}
  for (const make of Object.values(SETTING)) changes = { ...changes, ...make(table) }
  const differs = Object.entries(changes).some(([name, value]) => settings[name as keyof TcpSettings] !== value)
  // The same object for all that are alike: a hundred thousand connections need not each have their own.
  return differs ? tcpSettings(changes, settings) : settings
}

/** What an option that was set changes of a living connection; null: nothing, or it is looked up when it is needed. */
export function liveSettings(table: OptionTable, name: OptionName): LiveSettings | null {
  return SETTING[name]?.(table) ?? null
}
