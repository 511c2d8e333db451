/** The options of one socket: what it has, what was set, and whether a value makes sense. */
import { SocketError } from '../../base/errors.ts'
import type { OptionSettings } from '../../socket/host.ts'
import { type Linger, noSuchOption, OPTIONS, type OptionName, type OptionValue } from '../../socket/options.ts'

export type Defaults = { readonly [name in OptionName]?: OptionValue }

export class OptionTable {
  /** The defaults themselves, until one is changed: most sockets never change any. */
  #values: Defaults

  /** @param defaults every option that this kind of socket has; the others are refused. */
  constructor(defaults: Defaults, settings: OptionSettings = {}) {
    this.#values = defaults
    for (const [name, value] of Object.entries(settings)) this.set(name as OptionName, value)
  }

  /** @throws SocketError ENOPROTOOPT for an option this socket does not have, EINVAL for a value out of its range. */
  set(name: OptionName, value: OptionValue): void {
    if (!(name in this.#values)) throw noSuchOption('setsockopt', name)
    const kind = OPTIONS[name][2]
    if (name === 'SO_ERROR') throw noSuchOption('setsockopt', 'SO_ERROR (it can only be read)')
    if (kind === 'linger' ? !isLinger(value) : typeof value !== 'number' || !inRange(name, value))
      throw new SocketError('EINVAL', 'setsockopt', { hint: `${name} does not take ${JSON.stringify(value)}` })
    const taken = kind === 'flag' ? (value ? 1 : 0) : value
    if (this.#values[name] !== taken) this.#values = { ...this.#values, [name]: taken }
  }

  /** @throws SocketError ENOPROTOOPT for an option this socket does not have. */
  get(name: OptionName): OptionValue {
    const value = this.#values[name]
    if (value === undefined) throw noSuchOption('getsockopt', name)
    return value
  }

  number(name: OptionName): number {
    return this.get(name) as number
  }

  flag(name: OptionName): boolean {
    return this.get(name) !== 0
  }

  /** The options of a socket that inherits them as they are now. */
  inherited(): OptionTable {
    return new OptionTable(this.#values)
  }
}

function inRange(name: OptionName, value: number): boolean {
  if (!Number.isInteger(value)) return false
  if (name === 'IP_TTL') return value >= 1 && value <= 255
  if (name === 'IP_MULTICAST_TTL') return value >= 0 && value <= 255
  if (name === 'SO_RCVBUF' || name === 'SO_SNDBUF') return value > 0
  return true
}

function isLinger(value: OptionValue): value is Linger {
  return typeof value === 'object' && 'on' in value && value.seconds >= 0
}
