/** The way to a destination, and what has been learnt about it. */
import type { Ip } from '../../base/ip6.ts'
import type { Interface } from '../link/interface.ts'

/** How long packets may be on a path, for those protocols that believe it. */
export class PathMtu {
  #mtu: number
  #narrow = false
  readonly #least: number

  /** @param least nobody is believed who says less */
  constructor(mtu: number, least: number) {
    this.#mtu = mtu
    this.#least = least
  }

  /** The longest packet that goes this way, header included. */
  get mtu(): number {
    return this.#mtu
  }

  /** Some router takes less than is believed: packets leave without "don't fragment", and it may cut them. */
  get narrow(): boolean {
    return this.#narrow
  }

  /** RFC 1191 §6.3: a router has said what fits. Answers whether that was news. */
  learn(mtu: number): boolean {
    if (mtu >= this.#mtu) return false
    this.#mtu = Math.min(this.#mtu, Math.max(mtu, this.#least))
    this.#narrow = mtu < this.#mtu
    return true
  }
}

export class Path {
  readonly interface: Interface
  /** Whose MAC address the frame bears; null: a group's or everybody's. */
  readonly nextHop: Ip | null
  /** The own address that a packet bears unless its socket is bound. */
  readonly source: Ip
  /** It leads to many: broadcast or multicast. */
  readonly group: boolean
  /** For streams: learnt only from errors about segments that were under way. */
  readonly streams: PathMtu
  /**
   * For datagrams, of which it is not known what is under way: what streams have learnt, and what anybody claims. A forger
   * who knows the two addresses can have datagrams cut; streams do not believe it (RFC 5927 §7).
   */
  readonly datagrams: PathMtu
  #identification: number

  /**
   * @param leastMtu what is believed of its MTU at least
   * @param identification where the identifications of its packets begin: not to be guessed
   */
  constructor(through: Interface, nextHop: Ip | null, source: Ip, leastMtu: number, identification: number) {
    this.interface = through
    this.nextHop = nextHop
    this.source = source
    this.group = nextHop === null
    this.streams = new PathMtu(through.device.mtu, leastMtu)
    this.datagrams = new PathMtu(through.device.mtu, leastMtu)
    this.#identification = identification
  }

  /**
   * RFC 7739 §5.3: a counter for each destination, so that what one host is sent tells nothing about the fragments that
   * another is sent, nor how much is sent in all.
   */
  nextIdentification(): number {
    this.#identification = (this.#identification + 1) & 0xffff
    return this.#identification
  }
}
