/** Names, messages, zones, caches, resolvers and servers of the DNS. */
export {
  type Answer,
  answerOf,
  EDE,
  type ExtendedError,
  type Query,
  type Security,
} from './answer/answer.ts'
export { type ResponseOptions, respond, respondEmpty, responseOptions } from './answer/respond.ts'
export { answer } from './authority/answer.ts'
export { lookup, type ZoneAnswer } from './authority/lookup.ts'
export { type AuthorityOptions, authority, serveZones } from './authority/serve.ts'
export { DnsCache, type Learned } from './cache/cache.ts'
export { DnsError, type DnsErrorCode } from './errors.ts'
export type { DnsEvent, DnsExchangeEvent, DnsStage, DnsStageEvent } from './events.ts'
export { HostExchange, type HostExchangeOptions } from './exchange/client.ts'
export type { Exchange, ExchangeRequest, ExchangeResult } from './exchange/exchange.ts'
export { answerOctets, type OctetOptions, type OctetReply } from './front/octets.ts'
export type { Client, Reply, Responder, Transport } from './front/responder.ts'
export { type DnsServer, type ServerOptions, serveDns } from './front/server.ts'
export { rootHints } from './iterate/hints.ts'
export type { Policy } from './iterate/policy.ts'
export { Resolver, type ResolverAction, type ResolverEvent } from './iterate/resolver.ts'
export { defaultSettings, type ResolverSettings } from './iterate/settings.ts'
export type { ConfiguredZone } from './iterate/walk/delegation.ts'
export * from './limits.ts'
export * from './message/decode.ts'
export * from './message/edns.ts'
export * from './message/encode.ts'
export * from './message/message.ts'
export * from './message/name.ts'
export { TextError } from './message/rdata/lexer.ts'
export { type Rdata, SCHEMAS, type SchemaType } from './message/rdata/schema.ts'
export * from './message/rdata/text.ts'
export { type ResourceRecord, type Rrset, recordsOf, rrset, rrsetsOf } from './message/record.ts'
export * from './message/types.ts'
export { type Resolved, ResolverDriver } from './resolver/driver.ts'
export { type ForwarderOptions, serveForwarder } from './resolver/forwarder.ts'
export { emptyZones } from './resolver/local/empty.ts'
export { PRIVATE_PREFIXES, type PrivateAddressOptions, withoutPrivateAddresses } from './resolver/local/private.ts'
export { specialNames } from './resolver/local/special.ts'
export { fromZones } from './resolver/local/zones.ts'
export { type ResolverOptions, type ResolvingServer, serveResolver } from './resolver/serve.ts'
export { type Cause, ServerBook } from './servers/book.ts'
export { type Upstream, type UpstreamLike, type UpstreamProtocol, upstream } from './servers/upstream.ts'
export {
  type Found,
  type HostResolver,
  type HostResolverOptions,
  hostResolver,
  type NameFinder,
} from './stub/host-resolver.ts'
export { type HostsFile, parseHostsFile } from './stub/hosts-file.ts'
export { type ProgramResolverOptions, programResolver } from './stub/program-resolver.ts'
export { parseResolvConf, type ResolvConf } from './stub/resolv-conf.ts'
export { checkZone } from './zone/check.ts'
export { printFault, ZoneFault } from './zone/fault.ts'
export { type LoadedZone, type LoadOptions, loadZone, loadZoneGently } from './zone/load.ts'
export { type MasterFile, type MasterOptions, type PlacedRecord, readMaster } from './zone/master.ts'
export { type Found as ZoneFound, Zone, type ZoneChanges } from './zone/zone.ts'
export { Zones } from './zone/zones.ts'
