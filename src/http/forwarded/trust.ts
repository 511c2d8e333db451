/**
 * Whom a server believes about the client. A field that says where a request came from is the word of whoever sent it;
 * it counts only as far as it was written by proxies that are listed.
 */
import { Fault } from '../../base/fault.ts'
import type { Address } from '../../socket/address.ts'
import { AddressSet } from '../../socket/address-set.ts'
import { ExchangeDecorator } from '../decorate.ts'
import { HttpMisuse } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { isAuthority } from '../machine/target.ts'
import type { Scheme } from '../origin.ts'
import { type Hop, parseForwarded, parseNode, splitPlainly } from './hops.ts'

/** The proxies before a server, and how they tell for whom they speak. */
export interface TrustOptions {
  /** Addresses of the proxies: `['10.0.0.0/8', 'loopback', 'unix']`, as `AddressSet` has it. */
  readonly from: readonly string[]
  /**
   * Which fields they write: `X-Forwarded-For`, `-Proto`, `-Host` and `-Port` (the default), or `Forwarded` (RFC 7239).
   * The others are not looked at: a proxy that does not write them passes on what a client has put there.
   */
  readonly fields?: 'x-forwarded' | 'forwarded'
}

/** What trusted proxies say of a request. */
export interface Said {
  readonly remote: Address
  /** Null where nothing is said: then it is what it is. */
  readonly scheme: Scheme | null
  readonly authority: string | null
}

/** A request that came through trusted proxies: `remote`, `scheme` and `authority` are those of the client's own request. */
export class ForwardedExchange extends ExchangeDecorator {
  readonly #said: Said

  constructor(of: Exchange, said: Said) {
    super(of)
    this.#said = said
  }

  override get remote(): Address {
    return this.#said.remote
  }
  override get scheme(): Scheme {
    return this.#said.scheme ?? this.of.scheme
  }
  override get authority(): string {
    return this.#said.authority ?? this.of.authority
  }
  /** The proxy that the request came from. */
  get proxy(): Address {
    return this.of.remote
  }
}

/** The trust of a server. */
export class Trust {
  readonly #proxies: AddressSet
  readonly #standard: boolean

  /**
   * @param what the call, for messages: `serve()`.
   * @throws RangeError for an entry that is not a prefix. @throws HttpMisuse for fields that do not exist.
   */
  constructor(what: string, { from, fields = 'x-forwarded' }: TrustOptions) {
    this.#proxies = new AddressSet(`${what}: trust.from`, from)
    if (fields !== 'x-forwarded' && fields !== 'forwarded')
      throw new HttpMisuse(
        'HTTP_INVALID_ARGUMENT',
        `${what}: trust.fields must be 'x-forwarded' or 'forwarded', not ${JSON.stringify(fields)}`,
      )
    this.#standard = fields === 'forwarded'
  }

  /**
   * The exchange as its client meant it: itself where it does not come from a proxy. A fault where the proxy's word cannot
   * be read: to go by the rest of it would be a guess.
   */
  see(exchange: Exchange): Exchange | Fault {
    if (!this.#proxies.has(exchange.remote)) return exchange
    const said = this.#standard ? this.#byForwarded(exchange) : this.#byXForwarded(exchange)
    return said === null || said instanceof Fault ? (said ?? exchange) : new ForwardedExchange(exchange, said)
  }

  /** From right to left, as long as what speaks is trusted: the first that is not is the client. */
  #byForwarded(exchange: Exchange): Said | Fault | null {
    const fields = exchange.fields()
    let remote = exchange.remote
    let last: Hop | null = null
    for (let i = fields.length - 2; i >= 0; i -= 2) {
      if (fields[i]!.length !== 9 || fields[i]!.toLowerCase() !== 'forwarded') continue
      const hops = parseForwarded(fields[i + 1]!)
      if (hops === null) return new Fault('Forwarded is not a list of elements like for=192.0.2.1;proto=https', 0)
      for (const hop of hops.toReversed()) {
        if (!this.#proxies.has(remote)) break
        last = hop
        if (hop.from === null) return checked(hop, remote)
        remote = hop.from
      }
      if (!this.#proxies.has(remote)) break
    }
    return last === null ? null : checked(last, remote)
  }

  #byXForwarded(exchange: Exchange): Said | Fault | null {
    const nodes = splitPlainly(exchange.header('x-forwarded-for'))
    let remote = exchange.remote
    let at = nodes.length
    while (at > 0 && this.#proxies.has(remote)) {
      const from = parseNode(nodes[at - 1]!)
      if (from === null) break
      remote = from
      at--
    }
    const of = (name: string) => {
      const all = splitPlainly(exchange.header(name))
      // A value for each address: that of the client's. Else the nearest proxy has set it, or added its own at the end.
      return (all.length === nodes.length ? all[at] : undefined) ?? all.at(-1) ?? null
    }
    const proto = of('x-forwarded-proto')?.toLowerCase() ?? null
    const host = of('x-forwarded-host')
    const port = of('x-forwarded-port')
    if (at === nodes.length && proto === null && host === null && port === null) return null
    return checked({ proto, host: withPort(host ?? exchange.authority, port, proto ?? exchange.scheme) }, remote)
  }
}

/** ws and wss are what some proxies write for http and https that is to be upgraded. */
const SCHEMES: { readonly [proto: string]: Scheme } = { http: 'http', https: 'https', ws: 'http', wss: 'https' }

function checked({ proto, host }: Pick<Hop, 'proto' | 'host'>, remote: Address): Said | Fault {
  const scheme = proto === null ? null : Object.hasOwn(SCHEMES, proto) ? SCHEMES[proto]! : undefined
  if (scheme === undefined)
    return new Fault(`the proxy says that the scheme is ${shown(proto)}: expected http or https`, 0)
  if (host !== null && host !== '' && !isAuthority(host))
    return new Fault(`the proxy says that the host is ${shown(host)}: expected one host with an optional port`, 0)
  return { remote, scheme, authority: host === '' ? null : host }
}

/** A port that the client has used and Host does not say; not the one that the scheme implies. */
function withPort(host: string, port: string | null, proto: string): string {
  if (port === null || host === '' || /:\d+$/.test(host)) return host
  return port === (SCHEMES[proto] === 'https' ? '443' : '80') ? host : `${host}:${port}`
}

function shown(text: string | null): string {
  return JSON.stringify((text ?? '').slice(0, 100))
}
