/** A reverse proxy: a handler that has others answer. */

import type { Host } from '../../socket/host.ts'
import { chain, type Layer, type Reply } from '../client/send.ts'
import { HttpMisuse } from '../errors.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import { checkField } from '../fields/lines.ts'
import { splitList } from '../fields/list.ts'
import { formatNode } from '../forwarded/hops.ts'
import { HTTP_LIMITS, type HttpLimits } from '../limits.ts'
import { isAuthority } from '../machine/target.ts'
import { originOf } from '../origin.ts'
import { Relays } from '../relay.ts'
import { PLAIN_TEXT } from '../reply/failure.ts'
import { Sweep } from '../sweep.ts'
import type { ProxyDoneEvent } from './events.ts'
import { failure, failurePage, type ProxyFailure } from './passing/failure.ts'
import { passedFields, passedReplyFields } from './passing/hops.ts'
import { type Passage, type Passed, pass, type Request } from './passing/pass.ts'
import { asciiTarget, climbs, isBelow, rebased } from './passing/path.ts'
import { forwardsLeft, pseudonym, viaOf } from './passing/via.ts'
import { type Behalf, ON_BEHALF, type Steered, UpstreamGroup } from './upstreams/group.ts'
import type { UpstreamsOptions } from './upstreams/options.ts'
import type { Upstream, UpstreamReport } from './upstreams/upstream.ts'

/** Fields that are set, and fields that are taken away, in this order. */
export interface FieldEdits {
  /** Names in any case. */
  readonly remove?: readonly string[]
  /** In place of what was there. */
  readonly set?: { readonly [name: string]: string }
}

/** What became of an exchange, for an access log. */
export interface ProxyRecord extends Passed {
  readonly exchange: Exchange
  /** Whose reply it is: `http://10.0.0.7:3000`; null where nobody has answered. */
  readonly upstream: string | null
  /** Nanoseconds from the request's head to the reply's end. */
  readonly nanos: number
}

/** A reverse proxy: its upstreams, and what is changed on the way. */
export interface ReverseProxyOptions extends UpstreamsOptions {
  /**
   * The Host field: `keep` the client's (default), so that the upstream's links are right; `upstream` for the upstream's own
   * name; or a name.
   */
  readonly host?: 'keep' | 'upstream' | { readonly name: string }
  /**
   * How the upstream is told who the client is: `X-Forwarded-For`, `-Proto`, `-Host` (default), `Forwarded` (RFC 7239), both or
   * neither. What came of all of these is taken away: they say what this proxy knows, by `serve({ trust })` too.
   */
  readonly forwarded?: 'x-forwarded' | 'forwarded' | 'both' | 'none'
  /** A prefix of the path that upstreams do not see: `/api`. What is not below it is not found. */
  readonly strip?: string
  /** The path and query that upstreams are asked for, in place of the client's. */
  readonly rewrite?: (target: string, exchange: Exchange) => string
  /** Changes to the request's fields, after all others. */
  readonly request?: FieldEdits
  /** Changes to the reply's fields. */
  readonly reply?: FieldEdits
  /** Protocols that a client may upgrade to; default `['websocket']`. Others are asked for plain HTTP. */
  readonly upgrades?: readonly string[]
  /** Bodies that are known to be no longer than this are read whole before an upstream is asked; default 16 KiB. */
  readonly bufferBytes?: number
  /**
   * What happens to every request and reply between the client and the choice of an upstream: answers of one's own, say. `cache()` lets
   * everything pass there: it keeps nothing of requests whose target was given as it came.
   */
  readonly layers?: readonly Layer[]
  /** Answers a failure in the proxy's name; by default one line of text. The exchange has had no reply. */
  readonly onFailure?: (failure: ProxyFailure, exchange: Exchange) => void
  /** Told of every exchange when it is over: an access log. */
  readonly onDone?: (record: ProxyRecord) => void
  /** The name in Via, by which loops are found; by default one by chance. */
  readonly name?: string
  /** `tunnelTime`: how long an upgraded connection may rest. */
  readonly limits?: Partial<Pick<HttpLimits, 'tunnelTime'>>
}

/** A handler with upstreams behind it. Disposing of it ends it. */
export interface ReverseProxy extends Disposable {
  (exchange: Exchange): Promise<void>
  /** How the upstreams are now. */
  readonly upstreams: readonly UpstreamReport[]
  /** Exchanges under way, upgraded connections counted in. */
  readonly active: number
  /** Takes no more requests (503); what is under way ends in its own time, upgraded connections too. */
  close(): void
  /** The same, and ends upgraded connections, what is queued sent first. */
  end(): void
}

/**
 * A handler that has upstreams answer: bodies stream both ways and are held back by whoever is slow, upgrades are joined, interim
 * replies and trailers pass. What goes out is framed anew, whatever came in.
 *
 * @example
 * const host = kernelHost()
 * const front = reverseProxy(host, { to: ['http://10.0.0.7:3000', 'http://10.0.0.8:3000'], health: { path: '/health' } })
 * const server = await serve(host, front, { port: 80 })
 *
 * @throws HttpMisuse and RangeError for options that cannot be meant.
 */
export function reverseProxy(host: Host, options: ReverseProxyOptions): ReverseProxy {
  const core = new Core(host, options)
  const handler = (exchange: Exchange) => core.handle(exchange)
  return Object.defineProperties(handler, {
    upstreams: { get: () => core.group.reports },
    active: { get: () => core.active },
    close: { value: () => core.close() },
    end: { value: () => core.end() },
    [Symbol.dispose]: { value: () => core.end() },
  }) as ReverseProxy
}

type SteeredRequest = Request & Pick<Steered, typeof ON_BEHALF>

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'QUERY'])

class Core {
  readonly group: UpstreamGroup
  readonly #host: Host
  readonly #options: ReverseProxyOptions
  readonly #send: (request: Steered) => Promise<Reply>
  readonly #relays: Relays
  readonly #name: string
  readonly #upgrades: ReadonlySet<string>
  readonly #removed: ReadonlySet<string> | null
  readonly #replyRemoved: ReadonlySet<string> | null
  readonly #set: FieldLines
  readonly #replySet: FieldLines
  #active = 0
  #closing = false

  constructor(host: Host, options: ReverseProxyOptions) {
    const what = 'reverseProxy()'
    const { strip = '', host: shown = 'keep', layers = [], upgrades = ['websocket'] } = options
    if (strip !== '' && !strip.startsWith('/'))
      throw new HttpMisuse(
        'HTTP_INVALID_ARGUMENT',
        `${what}: strip must be a path like /api, not ${JSON.stringify(strip)}`,
      )
    if (typeof shown === 'object' && !isAuthority(shown.name))
      throw new HttpMisuse(
        'HTTP_INVALID_ARGUMENT',
        `${what}: host.name must be a host, not ${JSON.stringify(shown.name)}`,
      )
    this.#host = host
    this.#options = options
    this.#name = pseudonym(host, options.name)
    this.#upgrades = new Set(upgrades.map((protocol) => protocol.toLowerCase()))
    this.#set = linesOf(options.request?.set)
    this.#replySet = linesOf(options.reply?.set)
    this.#removed = namesOf(options.request)
    this.#replyRemoved = namesOf(options.reply)
    this.#relays = new Relays(host.clock, new Sweep(host.clock), options.limits?.tunnelTime ?? HTTP_LIMITS.tunnelTime)
    this.group = new UpstreamGroup(host, what, options)
    const innermost = (request: Steered) => this.group.send(request)
    this.#send = layers.length === 0 ? innermost : chain(layers, innermost, host)
  }

  get active(): number {
    return this.#active + this.#relays.count
  }

  /** Those who are being read yet still have upstreams to go to. */
  close(): void {
    this.#closing = true
    if (this.#active === 0) this.group.close()
  }

  end(): void {
    this.close()
    this.#relays.close()
  }

  async handle(exchange: Exchange): Promise<void> {
    const { clock } = this.#host
    const began = clock.now()
    const asked: { upstream: Upstream | null } = { upstream: null }
    if (this.#closing) {
      this.#refuse(exchange, failure(503, 'the proxy is closing', null, ['Retry-After', '1']))
      return
    }
    this.#active++
    let passed: Passed
    try {
      passed = await this.#answer(exchange, asked)
    } finally {
      this.#active--
      if (this.#closing && this.#active === 0) this.group.close()
    }
    if (passed.failure !== null && asked.upstream !== null && passed.failure.error instanceof Error)
      asked.upstream.brokeOff(passed.failure.error)
    if (this.#host.events.on) this.#report(exchange, passed)
    const { onDone } = this.#options
    if (onDone === undefined) return
    onDone({ ...passed, exchange, upstream: asked.upstream?.name ?? null, nanos: clock.now() - began })
  }

  async #answer(exchange: Exchange, asked: { upstream: Upstream | null }): Promise<Passed> {
    const left = forwardsLeft(exchange)
    if (left === 0) {
      // RFC 9110 §7.6.2: the last one answers itself.
      exchange.reply(204, ['Allow', METHODS], null)
      return { status: 204, requestBytes: 0, responseBytes: 0, failure: null, gone: false }
    }
    const request = this.#request(exchange, left, (upstream) => (asked.upstream = upstream))
    if ('reason' in request) {
      this.#refuse(exchange, request)
      return { status: request.status, requestBytes: 0, responseBytes: 0, failure: request, gone: false }
    }
    let switched = false
    const passage: Passage = {
      send: this.#send,
      relays: this.#relays,
      bufferBytes: this.#options.bufferBytes ?? 16_384,
      replyFields: (reply) => this.#replyFields(reply, exchange),
      refuse: (why) => this.#refuse(exchange, why),
      released: () => {
        switched = true
        asked.upstream?.over()
      },
    }
    let upgraded = false
    try {
      const passed = await pass(exchange, request, passage)
      upgraded =
        passed.failure === null &&
        request.upgrade !== undefined &&
        (passed.status === 101 || exchange.method === 'CONNECT')
      return passed
    } finally {
      if (!switched && !upgraded) asked.upstream?.over()
    }
  }

  /** The request as it goes on, or why it does not. */
  #request(exchange: Exchange, left: number | null, answeredBy: Behalf['answeredBy']): SteeredRequest | ProxyFailure {
    const via = viaOf(exchange.header('via'), exchange.version, this.#name)
    if (via === null) return failure(508, 'the request has been here before: the proxy is its own upstream')
    const target = this.#target(exchange)
    if (typeof target !== 'string') return target
    const upgrade = this.#upgrade(exchange)
    const fields = this.#fields(exchange, via, left)
    const { method, remote, id } = exchange
    const extended = method === 'CONNECT'
    if (extended && upgrade === undefined) return failure(405, 'CONNECT is not allowed here', null, ['Allow', METHODS])
    if (upgrade === 'websocket' && extended) fields.push('Sec-WebSocket-Key', this.#key())
    const behalf: Behalf = {
      address: remote.address ?? '',
      fields,
      exchange: id,
      repeatable:
        IDEMPOTENT.has(method) && upgrade === undefined && isBuffered(exchange, this.#options.bufferBytes ?? 16_384),
      answeredBy,
    }
    const url = this.#url(exchange, target)
    const origin = url === ANY ? ANY_ORIGIN : originOf(url)!
    return {
      url,
      origin,
      method: extended ? 'GET' : method,
      fields,
      target,
      upgrade,
      timeout: undefined,
      [ON_BEHALF]: behalf,
    }
  }

  /** The address that the client has asked for, where a layer may want to know; else that of any upstream will do. */
  #url(exchange: Exchange, target: string): URL {
    const [any] = this.group.settings.targets
    if (this.#options.layers === undefined) return ANY
    const { authority } = exchange
    const said = `${schemeOf(exchange)}://${authority === '' ? any!.origin.host : authority}${target === '*' ? '/' : target}`
    return URL.parse(said) ?? ANY
  }

  #target(exchange: Exchange): string | ProxyFailure {
    const { strip = '', rewrite } = this.#options
    const { path, query } = exchange
    if (path === '*') return '*'
    if (climbs(path)) return failure(400, 'the path has a segment that leads out of it (..)')
    if (strip !== '' && !isBelow(path, strip)) return failure(404, 'there is nothing here')
    // As it came, an empty query too, unless it is a whole URL or a mounted handler's own.
    const given = exchange.target.startsWith('/') ? exchange.target : query === '' ? path : `${path}?${query}`
    const target = asciiTarget(rebased(given, strip, ''))
    if (rewrite === undefined) return target
    const changed = rewrite(target, exchange)
    return changed.startsWith('/') ? changed : `/${changed}`
  }

  #upgrade(exchange: Exchange): string | undefined {
    const { protocol, method, body } = exchange
    const wanted =
      protocol === null ? undefined : splitList(protocol).find((one) => this.#upgrades.has(one.toLowerCase()))
    // What is offered with a body is not switched to before the body is through: plain HTTP will do.
    return method === 'CONNECT' || body.length === 0 ? wanted : undefined
  }

  #fields(exchange: Exchange, via: string, left: number | null): string[] {
    const { host = 'keep', strip = '' } = this.#options
    const { authority } = exchange
    const fields = passedFields(exchange.fields(), exchange.header('connection'), this.#removed)
    if (host === 'keep' && authority !== '') fields.unshift('Host', authority)
    else if (typeof host === 'object') fields.unshift('Host', host.name)
    this.#tell(fields, exchange)
    if (strip !== '') fields.push('X-Forwarded-Prefix', strip)
    if (left !== null) fields.push('Max-Forwards', String(left - 1))
    fields.push('Via', via, ...this.#set)
    return fields
  }

  /** Who the client is. */
  #tell(fields: string[], exchange: Exchange): void {
    const { forwarded = 'x-forwarded' } = this.#options
    if (forwarded === 'none') return
    const { authority, remote } = exchange
    const proto = schemeOf(exchange)
    if (forwarded !== 'forwarded') {
      if (remote.address !== undefined) fields.push('X-Forwarded-For', remote.address.replace(/%.*$/, ''))
      fields.push('X-Forwarded-Proto', proto)
      if (authority !== '') fields.push('X-Forwarded-Host', authority)
    }
    if (forwarded === 'x-forwarded') return
    const node = remote.address === undefined ? 'unknown' : formatNode(remote.address)
    fields.push('Forwarded', `for=${node}${authority === '' ? '' : `;host="${authority}"`};proto=${proto}`)
  }

  #replyFields(reply: Reply, exchange: Exchange): FieldLines {
    const fields = passedReplyFields(reply.fields, reply.header('connection'), this.#replyRemoved)
    for (let i = 0; i < fields.length; i += 2)
      if (fields[i]!.length === 8 && fields[i]!.toLowerCase() === 'location')
        fields[i + 1] = this.#location(fields[i + 1]!, exchange)
    fields.push(...this.#replySet)
    return fields
  }

  /** An upstream that says its own address means the place where the client has found it. */
  #location(location: string, exchange: Exchange): string {
    for (const { origin, base } of this.group.settings.targets) {
      const own = origin.key + base
      if (!location.startsWith(own) || !/^(?:[/?#]|$)/.test(location.slice(own.length))) continue
      if (origin.key === `${schemeOf(exchange)}://${exchange.authority}`) return location
      const { strip = '' } = this.#options
      const rest = location.slice(own.length)
      return (strip.replace(/\/$/, '') || '') + (rest.startsWith('/') ? rest : `/${rest}`)
    }
    return location
  }

  #refuse(exchange: Exchange, why: ProxyFailure): void {
    if (exchange.answered || exchange.signal.aborted) return
    const { onFailure } = this.#options
    onFailure?.(why, exchange)
    if (!exchange.answered)
      exchange.reply(why.status, [...PLAIN_TEXT, 'Cache-Control', 'no-store', ...why.fields], failurePage(why))
  }

  /** RFC 6455 §4.1: sixteen octets by chance, in Base64. */
  #key(): string {
    const bytes = new Uint8Array(16)
    this.#host.random.fill(bytes)
    return btoa(String.fromCharCode(...bytes))
  }

  #report(exchange: Exchange, { status, failure: failed, gone }: Passed): void {
    const { clock, name: host, events } = this.#host
    const why = gone ? 'the client has gone' : (failed?.reason ?? '')
    const event: ProxyDoneEvent = {
      type: 'proxy.done',
      at: clock.now(),
      host,
      exchange: exchange.id,
      status,
      failure: why,
    }
    events.emit(event)
  }
}

/** Where nobody looks at the address: the group puts the upstream's in its place. */
const ANY = new URL('http://upstream.invalid/')
const ANY_ORIGIN = originOf(ANY)!

/**
 * The scheme that the client has used. An absolute target says one too, which is only the client's word: over a connection
 * without TLS it is http, unless a trusted proxy says otherwise.
 */
function schemeOf(exchange: Exchange): 'http' | 'https' {
  if (exchange.target.startsWith('/') || exchange.security !== null) return exchange.scheme
  return 'http'
}

function isBuffered({ body }: Exchange, most: number): boolean {
  return body.length !== null && body.length <= most
}

function linesOf(set: FieldEdits['set']): FieldLines {
  const lines = Object.entries(set ?? {}).flat()
  for (let i = 0; i < lines.length; i += 2) checkField(lines[i]!, lines[i + 1]!)
  return lines
}

/** What is set is taken away first. */
function namesOf(edits: FieldEdits | undefined): ReadonlySet<string> | null {
  const names = [...(edits?.remove ?? []), ...Object.keys(edits?.set ?? {})]
  return names.length === 0 ? null : new Set(names.map((name) => name.toLowerCase()))
}
