/** The options of one socket: what it has, what was set, and whether a value makes sense. */
import { SocketError } from '../../base/errors.ts'
import type { OptionSettings } from '../../socket/host.ts'
import { type Linger, noSuchOption, OPTIONS, type OptionName, type OptionValue } from '../../socket/options.ts'

export type Defaults = { readonly [name in OptionName]?: OptionValue }

const MAX_INT = 0x7fff_ffff

/** The least and the greatest value of the options that are numbers, as on Linux. */
const RANGE: { readonly [name in OptionName]?: readonly [least: number, greatest: number] } = {
  IP_TTL: [1, 255],
  IP_MULTICAST_TTL: [0, 255],
  SO_RCVBUF: [1, MAX_INT],
  SO_SNDBUF: [1, MAX_INT],
  TCP_MAXSEG: [88, 32_767],
  TCP_KEEPIDLE: [1, 32_767],
  TCP_KEEPINTVL: [1, 32_767],
  TCP_KEEPCNT: [1, 127],
  TCP_USER_TIMEOUT: [0, MAX_INT],
  TCP_NOTSENT_LOWAT: [0, MAX_INT],
}

/** Sockets that set the same options share what comes of it, as long as there are no more ways than this to go on. */
const SHARED_WAYS = 16

export class OptionTable {
  /** The defaults themselves, until one is changed: most sockets never change any. */
  #values: Defaults

  /** @param defaults every option that this kind of socket has; the others are refused. */
  constructor(defaults: Defaults, settings: OptionSettings = {}) {
    this.#values = defaults
    for (const [name, value] of Object.entries(settings)) this.set(name as OptionName, value)
  }

  /** All of them. The same object is the same values. */
  get values(): Defaults {
    return this.#values
  }

  /** @throws SocketError ENOPROTOOPT for an option this socket does not have, EINVAL for a value out of its range. */
  set(name: OptionName, value: OptionValue): void {
    if (!(name in this.#values)) throw noSuchOption('setsockopt', name)
    const kind = OPTIONS[name][2]
    if (name === 'SO_ERROR' || kind === 'info') throw noSuchOption('setsockopt', `${name} (it can only be read)`)
    if (!makesSense(name, value)) {
      const hint = `${name} takes ${sensible(name)}, not ${JSON.stringify(value)}`
      throw new SocketError('EINVAL', 'setsockopt', { hint })
    }
    const taken = kind === 'flag' ? (value ? 1 : 0) : value
    if (this.#values[name] !== taken) this.#values = changed(this.#values, name, taken)
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

  text(name: OptionName): string {
    return this.get(name) as string
  }

  /** The options of a socket that inherits them as they are now. */
  inherited(): OptionTable {
    return new OptionTable(this.#values)
  }
}

function makesSense(name: OptionName, value: OptionValue): boolean {
  const kind = OPTIONS[name][2]
  if (kind === 'linger') return isLinger(value)
  if (kind === 'text') return typeof value === 'string'
  if (typeof value !== 'number' || !Number.isInteger(value)) return false
  const [least, greatest] = RANGE[name] ?? [-MAX_INT, MAX_INT]
  return value >= least && value <= greatest
}

/** What `makesSense` asks for, in words. */
function sensible(name: OptionName): string {
  const kind = OPTIONS[name][2]
  const range = RANGE[name]
  if (kind === 'linger') return '{ on, seconds }'
  if (kind === 'text') return 'a text'
  if (kind === 'flag') return '0 or 1'
  return range === undefined ? 'a whole number' : `a whole number from ${range[0]} to ${range[1]}`
}

function isLinger(value: OptionValue): value is Linger {
  return typeof value === 'object' && 'on' in value && value.seconds >= 0
}

const ways = new WeakMap<Defaults, Map<string, Defaults>>()

/** The values with one of them changed. */
function changed(values: Defaults, name: OptionName, value: OptionValue): Defaults {
  if (typeof value === 'object') return { ...values, [name]: value }
  let known = ways.get(values)
  if (known === undefined) ways.set(values, (known = new Map()))
  const way = `${name} ${value}`
  const before = known.get(way)
  if (before !== undefined) return before
  const after = { ...values, [name]: value }
  if (known.size < SHARED_WAYS) known.set(way, after)
  return after
}
