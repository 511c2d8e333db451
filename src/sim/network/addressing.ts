/** Subnets for links that name none: 10.0.0.0/30, 10.0.0.4/30, … for the Internet, 192.168.N.0/24 for homes. */
import { contains4, formatIp4, formatPrefix4, type Ip4, type Prefix4, parseIp4, parsePrefix4 } from '../../base/ip.ts'
import { SimError } from '../errors.ts'

const POINT_TO_POINT = { first: parseIp4('10.0.0.0'), length: 30, step: 4 }
const HOME = { first: parseIp4('192.168.1.0'), length: 24, step: 256 }

export class Addressing {
  readonly #taken: Prefix4[] = []
  #nextPoint = POINT_TO_POINT.first
  #nextHome = HOME.first

  /** The two addresses of a link, as `10.0.0.1/30`. */
  forLink(given: readonly [string, string] | undefined, inside: boolean): readonly [string, string] {
    if (given !== undefined) return this.#check(given)
    const prefix = this.#fresh(inside)
    this.#taken.push(prefix)
    // In a home the router has .1 and the first machine .2; `internet.link` puts the router first.
    return [`${formatIp4(prefix.network + 1)}/${prefix.length}`, `${formatIp4(prefix.network + 2)}/${prefix.length}`]
  }

  /** The subnet of a LAN: the one asked for, like `192.168.7.0/24`, or the next free one. */
  forLan(subnet: string | undefined): Prefix4 {
    const parsed = subnet === undefined ? null : parsePrefix4(subnet)
    if (subnet !== undefined && (parsed === null || parsed.prefix.length > 30))
      throw new SimError('SIM_ADDRESS', `lan subnet must be a prefix like 192.168.7.0/24, not '${subnet}'`)
    const prefix = parsed?.prefix ?? this.#fresh(true)
    this.#taken.push(prefix)
    return prefix
  }

  #fresh(inside: boolean): Prefix4 {
    for (;;) {
      const prefix = inside ? { network: this.#nextHome, length: 24 } : { network: this.#nextPoint, length: 30 }
      if (inside) this.#nextHome += HOME.step
      else this.#nextPoint += POINT_TO_POINT.step
      if (!this.#taken.some((other) => overlap(other, prefix))) return prefix
    }
  }

  #check(given: readonly [string, string]): readonly [string, string] {
    const [a, b] = given.map((text) => {
      const parsed = parsePrefix4(text)
      if (parsed === null || !text.includes('/'))
        throw new SimError(
          'SIM_ADDRESS',
          `link addresses must be like 192.0.2.1/24 (address and prefix), not '${text}'`,
        )
      return parsed
    }) as [{ address: Ip4; prefix: Prefix4 }, { address: Ip4; prefix: Prefix4 }]
    if (a.address === b.address)
      throw new SimError('SIM_ADDRESS', `link addresses: both ends have ${formatIp4(a.address)}`)
    if (formatPrefix4(a.prefix) !== formatPrefix4(b.prefix))
      throw new SimError('SIM_ADDRESS', `link addresses: ${given[0]} and ${given[1]} lie in different subnets`)
    this.#taken.push(a.prefix)
    return given
  }
}

function overlap(a: Prefix4, b: Prefix4): boolean {
  return a.length <= b.length ? contains4(a, b.network) : contains4(b, a.network)
}
