/** Who sent a datagram, as the kernel says it: socket addresses in numbers, text when somebody asks. */
import { formatIp4, formatIp6 } from '../../base/ip.ts'
import type { IpAddress } from '../../socket/address.ts'
import type { Peer } from '../../socket/host.ts'
import { type MessageVector, nameAt, type Target } from '../messages/vector.ts'
import { type Words4, writeSource4, writeSource6 } from './control.ts'

const AF_INET = 2
const AF_INET6 = 10
/** sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6). */
const NAME4_LENGTH = 16
const NAME6_LENGTH = 28

/** What a socket knows for all its peers. */
export interface Home {
  readonly local: IpAddress
  /** The name of an interface by its number. */
  interfaceName(index: number): string
}

/** A peer that writes itself into a message, to be answered from the address that was asked. */
export interface KernelPeer extends Peer, Target {}

/** Addresses are words as they stand in memory. */
export class Peer4 implements KernelPeer {
  readonly ip: number
  readonly port: number
  /** The address that was asked, and the one to answer from: they differ for groups and broadcasts. 0: unknown. */
  readonly asked: number
  readonly from: number
  readonly #home: Home

  constructor(home: Home, ip: number, port: number, asked: number, from: number) {
    this.ip = ip
    this.port = port
    this.asked = asked
    this.from = from
    this.#home = home
  }

  get address(): string {
    return text4(this.ip)
  }

  get local(): IpAddress {
    const { local } = this.#home
    return this.asked === 0 ? local : { address: text4(this.asked), port: local.port }
  }

  writeName({ bytes, words }: MessageVector, i: number): number {
    const at = nameAt(i)
    words[at / 4] = AF_INET
    bytes[at + 2] = this.port >>> 8
    bytes[at + 3] = this.port & 255
    words[at / 4 + 1] = this.ip
    words[at / 4 + 2] = 0
    words[at / 4 + 3] = 0
    return NAME4_LENGTH
  }

  writeSource(vector: MessageVector, i: number): number {
    return this.from === 0 ? 0 : writeSource4(vector, i, this.from)
  }
}

export class Peer6 implements KernelPeer {
  readonly ip: Words4
  readonly port: number
  readonly scope: number
  readonly asked: Words4 | null
  /** The interface it came in on. */
  readonly index: number
  readonly #home: Home

  constructor(home: Home, ip: Words4, port: number, scope: number, asked: Words4 | null, index: number) {
    this.ip = ip
    this.port = port
    this.scope = scope
    this.asked = asked
    this.index = index
    this.#home = home
  }

  get address(): string {
    return scoped(this.ip, this.scope, this.#home)
  }

  get local(): IpAddress {
    const { local } = this.#home
    if (this.asked === null) return local
    return { address: scoped(this.asked, isLinkLocal(this.asked) ? this.index : 0, this.#home), port: local.port }
  }

  writeName({ bytes, words }: MessageVector, i: number): number {
    const at = nameAt(i)
    const word = at / 4
    words[word] = AF_INET6
    bytes[at + 2] = this.port >>> 8
    bytes[at + 3] = this.port & 255
    words[word + 1] = 0
    for (let k = 0; k < 4; k++) words[word + 2 + k] = this.ip[k]!
    words[word + 6] = this.scope
    return NAME6_LENGTH
  }

  writeSource(vector: MessageVector, i: number): number {
    if (this.asked === null || isMulticast(this.asked)) return 0
    return writeSource6(vector, i, this.asked, isLinkLocal(this.asked) ? this.index : 0)
  }
}

/** fe80::/10, which means nothing without its interface (RFC 4007 §6). */
function isLinkLocal(ip: Words4): boolean {
  return (ip[0] & 0xc0ff) === 0x80fe
}

/** ff00::/8 */
function isMulticast(ip: Words4): boolean {
  return (ip[0] & 0xff) === 0xff
}

function scoped(ip: Words4, scope: number, home: Home): string {
  const text = formatIp6(new Uint8Array(Uint32Array.from(ip).buffer))
  return scope === 0 ? text : `${text}%${home.interfaceName(scope)}`
}

function text4(word: number): string {
  return formatIp4((((word & 255) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0)
}
