/** A recursive resolver as a server on a Host, and the responder that it shares with the forwarder. */

import type { Machine } from '../../base/machine.ts'
import type { IpAddress as Address } from '../../socket/address.ts'
import type { Host } from '../../socket/host.ts'
import { DnsCache } from '../cache/cache.ts'
import type { DnsStage } from '../events.ts'
import { HostExchange, type HostExchangeOptions } from '../exchange/client.ts'
import type { Responder } from '../front/responder.ts'
import { type DnsServer, type ServerOptions, serveDns } from '../front/server.ts'
import { Resolver } from '../iterate/resolver.ts'
import type { ResolverSettings } from '../iterate/settings.ts'
import { type CacheLimits, defaultCacheLimits } from '../limits.ts'
import type { Message, Question } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { CLASS, isMetaType, OPCODE, RCODE, TYPE } from '../message/types.ts'
import { ResolverDriver } from './driver.ts'
import { reportAnswer } from './report.ts'
import { type ResponseOptions, respond, respondEmpty } from './respond.ts'
import { specialAnswer } from './special.ts'

export interface ResolverOptions extends ServerOptions, ResponseOptions, HostExchangeOptions {
  /** The root servers; default: the real ones. */
  readonly hints?: readonly Address[]
  readonly settings?: Partial<ResolverSettings>
  readonly cache?: Partial<CacheLimits>
  /** Whether that client may ask; all others are refused. Default: everybody may. */
  readonly mayAsk?: (client: Address) => boolean
}

/** A server that resolves, and its driver: `resolver.driver.resolve(query)` asks it without a socket. */
export interface ResolvingServer extends DnsServer {
  readonly driver: ResolverDriver
}

/** Serves as a resolver that finds answers itself, from the root down. Rejects as `serveDns` does. */
export async function serveResolver(host: Host, options: Partial<ResolverOptions> = {}): Promise<ResolvingServer> {
  const { hints } = options
  const root = hints === undefined ? {} : { zones: [{ zone: Name.root, servers: hints, forwarding: false }] }
  return serveResolving(host, 'resolver', options, { ...root, ...options.settings })
}

export async function serveResolving(
  host: Host,
  stage: DnsStage,
  options: Partial<ResolverOptions>,
  settings: Partial<ResolverSettings>,
): Promise<ResolvingServer> {
  const driver = resolverDriver(host, stage, settings, options)
  const server = await serveDns(host, resolvingResponder(host, stage, driver, options), options)
  return { driver, local: server.local, close: () => server.close() }
}

/** A resolver on that host, without a server. */
export function resolverDriver(
  host: Host,
  stage: DnsStage,
  settings: Partial<ResolverSettings>,
  options: HostExchangeOptions & { readonly cache?: Partial<CacheLimits> } = {},
): ResolverDriver {
  const cache = new DnsCache({ ...defaultCacheLimits, ...options.cache })
  const resolver = new Resolver(host.random.fork(`dns ${stage}`), settings, cache)
  return new ResolverDriver(host, resolver, new HostExchange(host, options), stage)
}

/** Answers queries out of a driver: at once when its cache can. */
export function resolvingResponder(
  machine: Machine,
  stage: DnsStage,
  driver: ResolverDriver,
  options: Partial<Pick<ResolverOptions, 'minimal' | 'mayAsk'>> = {},
): Responder {
  const { minimal = true, mayAsk } = options
  const form = { minimal }
  return (query, client) => {
    const [question] = query.question
    const refusal = mayAsk?.(client.address) === false ? RCODE.REFUSED : refused(query, question)
    if (refusal !== RCODE.NOERROR || question === undefined) return respondEmpty(query, refusal)
    const special = specialAnswer(question)
    if (special !== undefined) {
      reportAnswer(machine, stage, question, special, false)
      return respond(query, special, form)
    }
    let ready: Message | null = null
    let deliver: ((message: Message) => void) | null = null
    driver.ask(question, ({ answer }) => {
      const message = respond(query, answer, form)
      if (deliver === null) ready = message
      else deliver(message)
    })
    return (
      ready ??
      new Promise<Message>((resolve) => {
        deliver = resolve
      })
    )
  }
}

/** What a resolver does not do, as the RCODE that says so; NOERROR for a question to answer. */
function refused(query: Message, question: Question | undefined): number {
  if (query.opcode !== OPCODE.QUERY) return RCODE.NOTIMP
  if (question === undefined || query.question.length !== 1) return RCODE.FORMERR
  if (query.edns !== null && query.edns.version !== 0) return RCODE.BADVERS // RFC 6891 §6.1.3
  // Without RD only the cache would be asked, and who else has asked is nobody's business ("snooping").
  if (!query.rd || question.class !== CLASS.IN) return RCODE.REFUSED
  return isMetaType(question.type) && question.type !== TYPE.ANY ? RCODE.REFUSED : RCODE.NOERROR
}
