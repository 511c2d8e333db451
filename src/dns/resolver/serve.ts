/** A recursive resolver as a server on a Host, and the responder that it shares with the forwarder. */
import type { IpAddress } from '../../socket/address.ts'
import type { Host } from '../../socket/host.ts'
import { EDE } from '../answer/answer.ts'
import { respond, respondEmpty, responseOptions } from '../answer/respond.ts'
import type { DnsStage } from '../events.ts'
import { HostExchange, type HostExchangeOptions } from '../exchange/client.ts'
import type { Responder } from '../front/responder.ts'
import { type DnsServer, type ServerOptions, serveDns } from '../front/server.ts'
import { Resolver } from '../iterate/resolver.ts'
import type { ResolverSettings } from '../iterate/settings.ts'
import { type DnsLimitChanges, dnsLimits } from '../limits.ts'
import type { Message, Question } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { CLASS, isMetaType, OPCODE, RCODE, TYPE } from '../message/types.ts'
import type { UpstreamLike } from '../servers/upstream.ts'
import { ResolverDriver } from './driver.ts'
import { emptyZones } from './local/empty.ts'
import { specialNames } from './local/special.ts'

/** How a resolver asks servers, and what it may cost. */
export interface DriverOptions extends Omit<HostExchangeOptions, 'limits' | 'book'> {
  readonly limits?: DnsLimitChanges
}

/** How a resolver is set up. */
export interface ResolverOptions extends Omit<ServerOptions, 'limits'>, DriverOptions {
  /** Leave out of a positive answer what nobody asked for: shorter, and nothing to amplify with. Default true. */
  readonly minimal: boolean
  /** Whether the reasons of failures are given, RFC 8914. Default true. */
  readonly explained: boolean
  /** The root servers; default: the real ones. */
  readonly hints?: readonly UpstreamLike[]
  readonly settings?: Partial<ResolverSettings>
  /** Whether that client may ask; all others are refused. Default: everybody may. */
  readonly mayAsk?: (client: IpAddress) => boolean
  /**
   * Whether that client may ask without RD what is in the cache, and is referred to the nearest servers otherwise.
   * Default: nobody, for who else has asked is nobody's business ("snooping").
   */
  readonly mayLook?: (client: IpAddress) => boolean
}

/** A server that resolves, and its driver: `resolver.driver.resolve(query)` asks it without a socket. */
export interface ResolvingServer extends DnsServer {
  readonly driver: ResolverDriver
}

/**
 * Serves as a resolver that finds answers itself, from the root down. Rejects as `serveDns` does.
 * @example
 * await using server = await serveResolver(kernelHost(), { at: { address: '127.0.0.1', port: 5353 } })
 * const { answer } = await server.driver.resolve({ name: Name.parse('example.org.'), type: TYPE.A, class: CLASS.IN })
 */
export async function serveResolver(host: Host, options: Partial<ResolverOptions> = {}): Promise<ResolvingServer> {
  return serveResolving(host, 'resolver', options, { ...iterating(options.hints), ...options.settings })
}

/** The settings of a resolver that walks from the root. @param hints the root servers; default: the real ones */
export function iterating(hints?: readonly UpstreamLike[]): Partial<ResolverSettings> {
  return {
    ...(hints !== undefined && { zones: [{ zone: Name.root, servers: hints, forwarding: false }] }),
    policies: [specialNames(), emptyZones()],
  }
}

/** Serves with those settings; `stage` is what the event log calls it. */
export async function serveResolving(
  host: Host,
  stage: DnsStage,
  options: Partial<ResolverOptions>,
  settings: Partial<ResolverSettings>,
): Promise<ResolvingServer> {
  const driver = resolverDriver(host, stage, settings, options)
  const server = await serveDns(host, resolvingResponder(driver, options), options)
  const close = () => {
    driver.close()
    return server.close()
  }
  return { driver, local: server.local, close, [Symbol.asyncDispose]: close }
}

/** A resolver on that host, without a server. */
export function resolverDriver(
  host: Host,
  stage: DnsStage,
  settings: Partial<ResolverSettings>,
  options: DriverOptions = {},
): ResolverDriver {
  const limits = dnsLimits(options.limits, settings.limits)
  const resolver = new Resolver(host.random.fork(`dns ${stage}`), { ...settings, limits })
  const exchange = new HostExchange(host, { ...options, limits: limits.exchange, book: resolver.book })
  return new ResolverDriver(host, resolver, exchange, stage)
}

/** Answers queries out of a driver: at once when its cache can. */
export function resolvingResponder(
  driver: ResolverDriver,
  options: Partial<Pick<ResolverOptions, 'minimal' | 'explained' | 'mayAsk' | 'mayLook'>> = {},
): Responder {
  const { minimal = true, explained = true, mayAsk, mayLook } = options
  const signed = driver.resolver.settings.dnssecOk
  const form = responseOptions({ minimal, explained, signed, recursionAvailable: true })
  const unavailable = responseOptions({ explained })
  return (query, client) => {
    const [question] = query.question
    // Recursion is not available to that client (RFC 1035 §4.1.1).
    if (mayAsk?.(client.address) === false)
      return respondEmpty(query, RCODE.REFUSED, unavailable, { code: EDE.PROHIBITED, text: '' })
    const refusal = refused(query, question)
    if (refusal !== RCODE.NOERROR || question === undefined) return respondEmpty(query, refusal, form)
    if (!query.rd) {
      const known = mayLook?.(client.address) === true ? driver.resolver.known(question, driver.now()) : undefined
      if (known !== undefined) return respond(query, known, form)
      return respondEmpty(query, RCODE.REFUSED, form, { code: EDE.NOT_AUTHORITATIVE, text: '' })
    }
    let ready: Message | null | undefined
    let deliver: ((message: Message | null) => void) | null = null
    driver.ask(
      query.cd ? { ...question, checkingDisabled: true } : question,
      ({ answer, refused }) => {
        // Over UDP a question without room counts as a lost datagram: the client asks again, later.
        const message = refused && client.transport === 'udp' ? null : respond(query, answer, form)
        if (deliver === null) ready = message
        else deliver(message)
      },
      client.address,
    )
    if (ready !== undefined) return ready
    return new Promise<Message | null>((resolve) => {
      deliver = resolve
    })
  }
}

/** What a resolver does not do, as the RCODE that says so; NOERROR for a question to answer. */
function refused(query: Message, question: Question | undefined): number {
  if (query.opcode !== OPCODE.QUERY) return RCODE.NOTIMP
  if (question === undefined || query.question.length !== 1) return RCODE.FORMERR
  if (query.edns !== null && query.edns.version !== 0) return RCODE.BADVERS // RFC 6891 §6.1.3
  if (question.class !== CLASS.IN) return RCODE.REFUSED
  return isMetaType(question.type) && question.type !== TYPE.ANY ? RCODE.REFUSED : RCODE.NOERROR
}
