/** A forward proxy: it goes for its clients to where they want, as far as they may. */
import { SocketError } from '../../../base/errors.ts'
import { AddressSet } from '../../../socket/address-set.ts'
import type { Connection, Host } from '../../../socket/host.ts'
import type { Reply } from '../../client/send.ts'
import { type TransportOptions, Transports } from '../../client/transports.ts'
import { dial } from '../../dial.ts'
import type { Exchange, FieldLines } from '../../exchange.ts'
import { splitList } from '../../fields/list.ts'
import { HTTP_LIMITS, type HttpLimits } from '../../limits.ts'
import { originOf } from '../../origin.ts'
import { Relays } from '../../relay.ts'
import { PLAIN_TEXT } from '../../reply/failure.ts'
import { Sweep } from '../../sweep.ts'
import { failure, failureOf, failurePage, type ProxyFailure } from '../passing/failure.ts'
import { passedFields, passedReplyFields } from '../passing/hops.ts'
import { type Passed, pass, type Request } from '../passing/pass.ts'
import { asciiTarget } from '../passing/path.ts'
import { forwardsLeft, pseudonym, viaOf } from '../passing/via.ts'
import { ProxyUsers } from './authorization.ts'
import { Reach, type ReachOptions, Unreachable } from './reach.ts'
import { sameAddress } from './self.ts'

/** Who may use a forward proxy, and where it goes. */
export interface ForwardProxyOptions
  extends ReachOptions,
    Pick<TransportOptions, 'timeout' | 'connectTime' | 'bodyTime' | 'idleTime' | 'connections'> {
  /** Clients: `['10.0.0.0/8']`, as `AddressSet` has it; default this machine alone (`loopback`, `unix`). */
  readonly from?: readonly string[]
  /** Names and hashes of passwords (`hashPassword`): with them every client has to say who it is. */
  readonly users?: { readonly [name: string]: string }
  /** Told of every exchange when it is over; of a tunnel when it has opened, or has not. */
  readonly onDone?: (record: ForwardRecord) => void
  /** The name in Via, by which loops are found; by default one by chance. */
  readonly name?: string
  /** `tunnelTime`: how long a tunnel may rest. */
  readonly limits?: Partial<Pick<HttpLimits, 'tunnelTime'>>
}

/** What became of an exchange, for an access log. */
export interface ForwardRecord extends Passed {
  readonly exchange: Exchange
  /** Who has asked, where users are known; else null. */
  readonly user: string | null
  /** Nanoseconds from the request's head to the reply's end. */
  readonly nanos: number
}

/** A forward proxy. It takes CONNECT too: give it to `serve` twice. Disposing of it ends it. */
export interface ForwardProxy extends Disposable {
  (exchange: Exchange): Promise<void>
  /** Tunnels and upgraded connections that are open. */
  readonly tunnels: number
  /** Takes no more requests (503); what is under way ends in its own time, tunnels too. */
  close(): void
  /** The same, and ends the tunnels, what is queued sent first. */
  end(): void
}

/**
 * A handler that goes where the client wants: whole URLs (RFC 9112 §3.2.2) and tunnels by CONNECT. Only for clients that may, only to
 * ports and hosts that are listed, and never into this machine's own networks unless that was said aloud.
 *
 * @example
 * const proxy = forwardProxy(host, { from: ['10.0.0.0/8'], hosts: ['.example.com'] })
 * await serve(host, proxy, { port: 3128, connect: proxy })
 *
 * @throws HttpMisuse and RangeError for options that cannot be meant.
 */
export function forwardProxy(host: Host, options: ForwardProxyOptions = {}): ForwardProxy {
  const core = new Core(host, options)
  const handler = (exchange: Exchange) => core.handle(exchange)
  return Object.defineProperties(handler, {
    tunnels: { get: () => core.tunnels },
    close: { value: () => core.close() },
    end: { value: () => core.end() },
    [Symbol.dispose]: { value: () => core.end() },
  }) as ForwardProxy
}

/** What an exchange is answered without anybody being asked, or nothing. */
type Decided = ProxyFailure | null

const UPGRADES: ReadonlySet<string> = new Set(['websocket'])

class Core {
  readonly #host: Host
  readonly #options: ForwardProxyOptions
  readonly #from: AddressSet
  readonly #users: ProxyUsers | null
  readonly #reach: Reach
  readonly #name: string
  readonly #relays: Relays
  readonly #transports: Transports
  #closing = false

  constructor(host: Host, options: ForwardProxyOptions) {
    const { from = ['loopback', 'unix'], users } = options
    this.#host = host
    this.#options = options
    this.#from = new AddressSet('forwardProxy(): from', from)
    this.#users = users === undefined ? null : new ProxyUsers(host, users)
    this.#reach = new Reach(host, options)
    this.#name = pseudonym(host, options.name)
    this.#relays = new Relays(host.clock, new Sweep(host.clock), options.limits?.tunnelTime ?? HTTP_LIMITS.tunnelTime)
    const { timeout, connectTime, bodyTime, idleTime, connections } = options
    const transport = { timeout, connectTime, bodyTime, idleTime, connections }
    const given = Object.fromEntries(Object.entries(transport).filter(([, value]) => value !== undefined))
    this.#transports = new Transports(this.#reach.host, { ...given, resolve: this.#reach.resolve })
  }

  get tunnels(): number {
    return this.#relays.count
  }

  close(): void {
    this.#closing = true
    this.#transports.close()
  }

  end(): void {
    this.close()
    this.#relays.close()
  }

  async handle(exchange: Exchange): Promise<void> {
    const { clock } = this.#host
    const began = clock.now()
    let user: string | null = null
    let passed: Passed
    const closing = failure(503, 'the proxy is closing', null, ['Retry-After', '1'])
    const mine = this.#from.has(exchange.remote)
    const refusal = this.#closing ? closing : mine ? null : failure(403, 'this proxy is not for you')
    if (refusal === null && this.#users !== null)
      user = await this.#users.userOf(exchange.header('proxy-authorization'))
    const unknown = refusal === null && this.#users !== null && user === null
    if (refusal !== null) passed = this.#refuse(exchange, refusal)
    else if (unknown) passed = this.#refuse(exchange, WHO)
    else if (exchange.method === 'CONNECT') passed = await this.#tunnel(exchange)
    else passed = await this.#pass(exchange)
    this.#options.onDone?.({ ...passed, exchange, user, nanos: clock.now() - began })
  }

  async #tunnel(exchange: Exchange): Promise<Passed> {
    const { authority, signal } = exchange
    const colon = authority.lastIndexOf(':')
    const [name, port] = [authority.slice(0, colon), Number(authority.slice(colon + 1))]
    const objection = this.#reach.objection(name, port)
    if (objection !== '') return this.#refuse(exchange, failure(403, objection))
    let far: Connection
    try {
      far = await dial(this.#reach.host, name, port, signal, this.#reach.resolve)
    } catch (error) {
      return this.#refuse(exchange, this.#failureOf(error, signal.aborted))
    }
    if (sameAddress(far.remote, exchange.local)) {
      far.reset()
      return this.#refuse(exchange, failure(508, 'the proxy is its own upstream'))
    }
    let joined = false
    try {
      exchange.upgrade(200, [], (near) => {
        joined = true
        return this.#relays.join(near, far)
      })
    } finally {
      if (!joined) far.reset()
    }
    return done(joined ? 200 : 0, null, !joined)
  }

  async #pass(exchange: Exchange): Promise<Passed> {
    const request = this.#request(exchange)
    if ('reason' in request) return this.#refuse(exchange, request)
    return pass(exchange, request, {
      send: (outgoing) => this.#transports.send(outgoing),
      relays: this.#relays,
      bufferBytes: 0,
      replyFields: (reply) => this.#replyFields(reply),
      refuse: (why) =>
        void this.#refuse(exchange, why.error === null ? why : (this.#failureOf(why.error, false) ?? why)),
      released: () => {},
    })
  }

  #request(exchange: Exchange): Request | ProxyFailure {
    const { method, target, authority } = exchange
    const url = /^http:\/\//i.test(target) ? URL.parse(asciiTarget(target)) : null
    if (url === null || url.username !== '' || url.password !== '')
      return failure(
        400,
        'a forward proxy is asked for whole URLs (GET http://example.com/), or by CONNECT for host:port',
      )
    const origin = originOf(url)!
    const objection = this.#reach.objection(origin.host, origin.port)
    if (objection !== '') return failure(403, objection)
    const left = forwardsLeft(exchange)
    if (left === 0) return failure(400, 'the request was not to be passed on (Max-Forwards: 0)')
    const via = viaOf(exchange.header('via'), exchange.version, this.#name)
    if (via === null) return failure(508, 'the request has been here before: the proxy is its own upstream')
    const fields = ['Host', authority, ...passedFields(exchange.fields(), exchange.header('connection'), null)]
    if (left !== null) fields.push('Max-Forwards', String(left - 1))
    fields.push('Via', via)
    const offered = exchange.protocol === null || exchange.body.length !== 0 ? [] : splitList(exchange.protocol)
    const upgrade = offered.find((protocol) => UPGRADES.has(protocol.toLowerCase()))
    const path =
      exchange.path === '*' ? '*' : exchange.query === '' ? exchange.path : `${exchange.path}?${exchange.query}`
    return { url, origin, method, fields, target: path, upgrade, timeout: undefined }
  }

  #replyFields(reply: Reply): FieldLines {
    const fields = passedReplyFields(reply.fields, reply.header('connection'), null)
    const via = viaOf(reply.header('via'), reply.version, this.#name)
    // RFC 9110 §7.6.3: a proxy says so in both directions.
    if (via !== null) fields.push('Via', `${reply.version.slice(5)} ${this.#name}`)
    return fields
  }

  #failureOf(error: unknown, gone: boolean): Decided {
    if (error instanceof Unreachable) return failure(403, 'this host is not reached through this proxy', error)
    if (error instanceof SocketError && error.syscall === 'getaddrinfo')
      return failure(502, 'the name of the host was not found', error)
    return failureOf(error, gone)
  }

  #refuse(exchange: Exchange, why: Decided): Passed {
    if (why === null || exchange.answered || exchange.signal.aborted) return done(0, why, exchange.signal.aborted)
    exchange.reply(why.status, [...PLAIN_TEXT, 'Cache-Control', 'no-store', ...why.fields], failurePage(why))
    return done(why.status, why, false)
  }
}

const WHO = failure(407, 'say who you are', null, ['Proxy-Authenticate', 'Basic realm="proxy", charset="UTF-8"'])

function done(status: number, why: Decided, gone: boolean): Passed {
  return { status, requestBytes: 0, responseBytes: 0, failure: why, gone }
}
