/** Sets of addresses as people write them: for lists of whom to trust, to allow and to refuse. */
import { contains4, type Ip4, type Prefix4, parseIp4, parseIp6, parsePrefix4 } from '../base/ip.ts'
import type { Address } from './address.ts'

/** An IPv6 prefix: sixteen octets whose host bits are zero, and how many bits count. */
interface Prefix6 {
  readonly network: Uint8Array
  readonly length: number
}

/** Words that stand for well-known prefixes. */
const WORDS: { readonly [word: string]: readonly string[] } = {
  loopback: ['127.0.0.0/8', '::1/128'],
  // RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 §2.5.6: what is not routed on the Internet.
  private: [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '169.254.0.0/16',
    'fc00::/7',
    'fe80::/10',
  ],
  all: ['0.0.0.0/0', '::/0'],
}

/**
 * Prefixes of both families. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) counts as the IPv4 address.
 *
 * @example
 * const trusted = new AddressSet('trust.from', ['10.0.0.0/8', '2001:db8::/32', 'loopback', 'unix'])
 * trusted.has(connection.remote)
 */
export class AddressSet {
  readonly #four: Prefix4[] = []
  readonly #six: Prefix6[] = []
  #unix = false
  /** The one asked for last, and the answer: the same peer sends request after request. */
  #last = ''
  #answer = false

  /**
   * @param what the setting, for messages: `trust.from`.
   * @param entries prefixes (`10.0.0.0/8`, `2001:db8::/32`), single addresses, and the words `loopback`, `private`,
   * `unix` (every Unix socket) and `all` (every IP address).
   * @throws RangeError for an entry that is none of those, and for a prefix with host bits set.
   */
  constructor(what: string, entries: readonly string[]) {
    if (!Array.isArray(entries))
      throw new RangeError(`${what} must be a list of prefixes, like ['10.0.0.0/8'], not ${JSON.stringify(entries)}`)
    for (const entry of entries) {
      if (entry === 'unix') this.#unix = true
      else for (const prefix of WORDS[entry] ?? [entry]) this.#add(what, prefix)
    }
  }

  /** Whether the address of a socket is in the set. */
  has(at: Address): boolean {
    return at.path === undefined ? this.hasIp(at.address) : this.#unix
  }

  /** Whether an IP literal is in the set; a scope (`%eth0`) does not count. What is not a literal is in no set. */
  hasIp(address: string): boolean {
    if (address !== this.#last) {
      this.#answer = this.#find(address)
      this.#last = address
    }
    return this.#answer
  }

  #find(address: string): boolean {
    const four = parseIp4(address)
    if (four >= 0) return this.#hasFour(four)
    const scope = address.indexOf('%')
    const six = parseIp6(scope < 0 ? address : address.slice(0, scope))
    if (six === null) return false
    const mapped = mappedIp4(six)
    if (mapped >= 0) return this.#hasFour(mapped)
    return this.#six.some((prefix) => contains6(prefix, six))
  }

  #hasFour(address: Ip4): boolean {
    return this.#four.some((prefix) => contains4(prefix, address))
  }

  #add(what: string, entry: string): void {
    const four = parsePrefix4(entry)
    const six = four === null ? parsePrefix6(entry) : null
    if (four === null && six === null)
      throw new RangeError(
        `${what}: ${JSON.stringify(entry)} is not an address or a prefix: write 10.0.0.0/8, 2001:db8::1, loopback, private, unix or all`,
      )
    if (four !== null) {
      if (four.address !== four.prefix.network) throw hostBits(what, entry)
      this.#four.push(four.prefix)
    } else if (six !== null) {
      if (!contains6({ network: six.address, length: 128 }, six.prefix.network)) throw hostBits(what, entry)
      this.#six.push(six.prefix)
    }
  }
}

function hostBits(what: string, entry: string): RangeError {
  return new RangeError(
    `${what}: ${entry} has bits set beyond the length of its prefix: write the network's first address`,
  )
}

/** The IPv4 address within ::ffff:0:0/96 (RFC 4291 §2.5.5.2); -1 for any other. */
export function mappedIp4(six: Uint8Array): Ip4 {
  for (let i = 0; i < 10; i++) if (six[i] !== 0) return -1
  if (six[10] !== 255 || six[11] !== 255) return -1
  return ((six[12]! << 24) | (six[13]! << 16) | (six[14]! << 8) | six[15]!) >>> 0
}

function contains6({ network, length }: Prefix6, address: Uint8Array): boolean {
  const whole = length >> 3
  for (let i = 0; i < whole; i++) if (network[i] !== address[i]) return false
  const rest = length & 7
  return rest === 0 || ((network[whole]! ^ address[whole]!) & (0xff << (8 - rest)) & 0xff) === 0
}

function parsePrefix6(text: string): { readonly address: Uint8Array; readonly prefix: Prefix6 } | null {
  const slash = text.indexOf('/')
  const address = parseIp6(slash < 0 ? text : text.slice(0, slash))
  const digits = slash < 0 ? '128' : text.slice(slash + 1)
  if (address === null || !/^(0|[1-9]\d{0,2})$/.test(digits) || Number(digits) > 128) return null
  const length = Number(digits)
  const network = address.map((octet, i) => octet & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - length))) & 0xff)
  return { address, prefix: { network, length } }
}
